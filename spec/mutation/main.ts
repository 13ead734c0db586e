/**
 * Changes the code in small ways, one at a time, and sees whether a spec notices. Installs the tool first.
 *
 *     npm run test:mutation core                     everything of an area: hours
 *     npm run test:mutation usage -- --sample 40     forty lines of it, by chance: minutes
 *     npm run test:mutation stores lib/store/watch.ts
 *
 * What survives is either code that nobody needs or a promise that no spec tests. The report stands in
 * coverage/mutation/index.html.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';

const root = join(__dirname, '../..');

interface Area {
  /** What is changed: files and folders. */
  readonly code: readonly string[];
  /** The specs that are to notice. */
  readonly specs: readonly string[];
  /** The share of changes that must be noticed, in percent. */
  readonly atLeast: number;
}

const AREAS: Readonly<Record<string, Area>> = {
  core: {
    code: ['lib/run.ts', 'lib/attachment.ts', 'lib/record', 'lib/execution', 'lib/steps'],
    specs: ['spec/record', 'spec/execution', 'spec/steps', 'spec/fuzz', 'spec/run.spec.ts'],
    atLeast: 95,
  },
  usage: { code: ['lib/usage'], specs: ['spec/usage'], atLeast: 95 },
  stores: { code: ['lib/store'], specs: ['spec/store'], atLeast: 90 },
};

function main(): void {
  const { values, positionals } = parseArgs({
    options: { sample: { type: 'string' } },
    allowPositionals: true,
  });
  const [name = 'core', ...files] = positionals;
  const area = AREAS[name];
  if (area === undefined) throw new Error(`no area "${name}"; there are ${Object.keys(AREAS).join(', ')}`);
  const whole = (files.length > 0 ? files : area.code).flatMap(filesOf);
  const mutate = values.sample === undefined ? whole : sampled(whole, Number(values.sample));
  if (!existsSync(join(__dirname, 'node_modules'))) run('npm', ['ci', '--legacy-peer-deps'], __dirname);
  mkdirSync(join(root, 'coverage'), { recursive: true });
  const configuration = join(root, 'coverage/mutation.json');
  writeFileSync(configuration, JSON.stringify(configurationOf(mutate, area.atLeast), null, 2));
  const stryker = join(__dirname, 'node_modules/@stryker-mutator/core/bin/stryker.js');
  run(process.execPath, [stryker, 'run', configuration], root, { MUTATION_SPECS: area.specs.join(',') });
}

function configurationOf(mutate: readonly string[], atLeast: number): object {
  return {
    testRunner: 'jest',
    plugins: ['@stryker-mutator/jest-runner'],
    jest: { projectType: 'custom', configFile: 'spec/mutation/jest.config.cjs' },
    mutate,
    coverageAnalysis: 'perTest',
    // The text of a message is no behaviour.
    mutator: { excludedMutations: ['StringLiteral'] },
    timeoutMS: 20_000,
    ignorePatterns: ['dist', 'coverage', 'docs', '.scratch', 'spec/bench', 'spec/bundles', 'spec/browser'],
    tempDirName: '.scratch/mutation',
    reporters: ['clear-text', 'html'],
    clearTextReporter: { logTests: false, reportTests: false },
    htmlReporter: { fileName: 'coverage/mutation/index.html' },
    thresholds: { high: 100, low: atLeast, break: atLeast },
  };
}

/** The TypeScript files of a place, from the project's folder. */
function filesOf(place: string): string[] {
  if (place.endsWith('.ts')) return existsSync(join(root, place)) ? [place] : [];
  const folder = join(root, place);
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return entries
    .filter((file) => /(?<!index)\.ts$/.test(file))
    .map((file) => relative(root, join(folder, file)));
}

/** So many lines of the files that do something, by chance, each as Stryker names a range. */
function sampled(files: readonly string[], count: number): string[] {
  const lines = files.flatMap((file) =>
    readFileSync(join(root, file), 'utf8')
      .split('\n')
      .map((text, index) => ({ text, range: `${file}:${index + 1}-${index + 1}` }))
      .filter(
        ({ text }) =>
          /[=<>!&|?+*-]|\breturn\b|\bif\b/.test(text) &&
          !/^\s*(?:\*|\/\*|\/\/|import|export type)/.test(text),
      ),
  );
  return lines
    .map((line) => ({ ...line, place: Math.random() }))
    .sort((one, other) => one.place - other.place)
    .slice(0, count)
    .map(({ range }) => range);
}

function run(command: string, parameters: readonly string[], cwd: string, environment: object = {}): void {
  const { status } = spawnSync(command, parameters, {
    cwd,
    stdio: 'inherit',
    env: { ...process.env, ...environment },
  });
  if (status !== 0) process.exit(status ?? 1);
}

main();
