/**
 * @jest-config-loader ts-node
 * @jest-config-loader-options {"transpileOnly":true,"compilerOptions":{"module":"CommonJS","moduleResolution":"bundler"}}
 */
import type { Config } from 'jest';

const config: Config = {
  testEnvironment: 'node',
  globalSetup: '<rootDir>/spec/support/postgres-setup.ts',
  globalTeardown: '<rootDir>/spec/support/postgres-teardown.ts',
  // A machine with much else to do is no failure: what hangs, hangs longer than this.
  testTimeout: 30_000,
  // In one process the modules of all files stay behind, and the last files take ten times as long as alone:
  // two workers, each replaced when it has grown.
  maxWorkers: 2,
  workerIdleMemoryLimit: '1GB',
  testMatch: ['<rootDir>/spec/**/*.spec.ts'],
  modulePathIgnorePatterns: [
    '<rootDir>/dist/',
    '<rootDir>/spec/bench/node_modules/',
    '<rootDir>/spec/bundles/tools/',
    '<rootDir>/spec/mutation/node_modules/',
    '<rootDir>/.scratch/',
  ],
  transform: { '\\.ts$': 'ts-jest' },
  moduleNameMapper: {
    '^agent-run$': '<rootDir>/lib/index.ts',
    '^agent-run/(ai-sdk|openai-agents|langchain|coding-agents)$': '<rootDir>/lib/frameworks/$1/index.ts',
    '^agent-run/(.+)$': '<rootDir>/lib/$1/index.ts',
  },
  // What draws in a browser is tested in one, where coverage is not counted.
  collectCoverageFrom: [
    'lib/**/*.ts',
    // Its specs run the command as a process, whose lines are not counted here.
    '!lib/cli/*.ts',
    '!lib/http/page-build.ts',
    '!lib/http/page/*/*.ts',
    'lib/http/page/model/*.ts',
  ],
  coverageProvider: 'babel',
  coverageReporters: ['text', 'lcovonly'],
  coverageThreshold: { global: { branches: 90, functions: 95, lines: 95, statements: 95 } },
};

export default config;
