/** Jest as a mutant is put to it: the specs of one area, and no coverage. */
const specs = (process.env.MUTATION_SPECS ?? 'spec/record').split(',');
const needsServer = specs.includes('spec/store');

module.exports = {
  rootDir: '../..',
  testEnvironment: 'node',
  testTimeout: 30_000,
  ...(needsServer && {
    globalSetup: '<rootDir>/spec/support/postgres-setup.ts',
    globalTeardown: '<rootDir>/spec/support/postgres-teardown.ts',
  }),
  testMatch: specs.map((place) => `<rootDir>/${place}${place.endsWith('.ts') ? '' : '/**/*.spec.ts'}`),
  // Other processes run the code as it stands.
  testPathIgnorePatterns: ['leaks\\.spec', 'vectors\\.spec', 'spec/store/processes'],
  transform: { '\\.ts$': 'ts-jest' },
  moduleNameMapper: {
    '^agent-run$': '<rootDir>/lib/index.ts',
    '^agent-run/(ai-sdk|openai-agents|langchain|coding-agents)$': '<rootDir>/lib/frameworks/$1/index.ts',
    '^agent-run/(.+)$': '<rootDir>/lib/$1/index.ts',
  },
};
