/**
 * Changes the code in small ways, one at a time, and sees whether a spec notices. Installs the tool first.
 *
 *     npm run test:mutation core                     everything of an area: 25 minutes
 *     npm run test:mutation usage -- --sample 40     forty lines of it, by chance: minutes
 *     npm run test:mutation stores lib/store/watch.ts lib/store/writer.ts:20-40
 *
 * What survives is either code that nobody needs or a promise that no spec tests. The report stands in
 * coverage/mutation/, a page for each area.
 */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import startSharedPostgres from '../support/postgres-setup';
import stopSharedPostgres from '../support/postgres-teardown';

const root = join(__dirname, '../..');

interface Area {
  /** What is changed: files and folders. */
  readonly code: readonly string[];
  /** The specs that are to notice. */
  readonly specs: readonly string[];
  /** The share of changes that must be noticed, in percent. */
  readonly atLeast: number;
  /** How long a test may take while something is changed, in milliseconds. */
  readonly timeoutMs: number;
  readonly usesPostgres?: boolean;
  /** Whether the specs run the code in processes of its own: which test reaches what is not known then. */
  readonly runsProcesses?: boolean;
}

const AREAS: Readonly<Record<string, Area>> = {
  core: {
    code: ['lib/run.ts', 'lib/attachment.ts', 'lib/record', 'lib/execution', 'lib/steps'],
    specs: [
      'spec/record',
      'spec/execution',
      'spec/steps',
      'spec/telemetry/trace-context.spec.ts',
      'spec/telemetry/run-telemetry.spec.ts',
      'spec/manager/run-manager.spec.ts',
      'spec/fuzz',
      'spec/run.spec.ts',
      'spec/attachment.spec.ts',
    ],
    atLeast: 95,
    timeoutMs: 2_500,
  },
  usage: { code: ['lib/usage'], specs: ['spec/usage'], atLeast: 95, timeoutMs: 2_500 },
  stores: {
    code: ['lib/store'],
    specs: ['spec/store'],
    atLeast: 90,
    timeoutMs: 20_000,
    usesPostgres: true,
  },
  manager: {
    code: ['lib/manager'],
    specs: ['spec/manager'],
    atLeast: 90,
    timeoutMs: 10_000,
    usesPostgres: true,
  },
  telemetry: {
    code: ['lib/telemetry'],
    specs: ['spec/telemetry'],
    atLeast: 90,
    timeoutMs: 5_000,
    usesPostgres: true,
  },
  frameworks: { code: ['lib/frameworks'], specs: ['spec/frameworks'], atLeast: 90, timeoutMs: 10_000 },
  http: {
    code: ['lib/http'],
    specs: ['spec/http'],
    atLeast: 90,
    timeoutMs: 10_000,
    usesPostgres: true,
  },
  cli: {
    code: ['lib/cli'],
    specs: ['spec/cli'],
    atLeast: 90,
    timeoutMs: 20_000,
    usesPostgres: true,
    runsProcesses: true,
  },
};

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { sample: { type: 'string' } },
    allowPositionals: true,
  });
  const [name = 'core', ...files] = positionals;
  const area = AREAS[name];
  if (area === undefined) throw new Error(`no area "${name}"; there are ${Object.keys(AREAS).join(', ')}`);
  const whole = (files.length > 0 ? files : area.code).flatMap(filesOf).filter((file) => !DRAWS.test(file));
  const mutate = values.sample === undefined ? whole : sampled(whole, Number(values.sample));
  if (!existsSync(join(__dirname, 'node_modules')) && !run('npm', ['ci'], __dirname)) return;
  const copy = copyOfProject();
  try {
    if (area.usesPostgres === true) await startSharedPostgres();
    writeFileSync(join(copy, 'stryker.json'), JSON.stringify(configurationOf(name, mutate, area), null, 2));
    const stryker = join(__dirname, 'node_modules/@stryker-mutator/core/bin/stryker.js');
    run(process.execPath, [stryker, 'run', 'stryker.json'], copy, {
      // Stryker's processes load TypeScript.
      NODE_OPTIONS: `--import ${pathToFileURL(require.resolve('tsx')).href}`,
      AGENT_RUN_FUZZ_SECONDS: '0.3',
    });
  } finally {
    await stopSharedPostgres();
    rmSync(copy, { recursive: true, force: true });
  }
}

/** Stryker changes files in place: it is in them that tsx looks for the compiler's options. */
function copyOfProject(): string {
  const copy = mkdtempSync(join(tmpdir(), 'agent-run-mutation-'));
  for (const entry of ['lib', 'spec', 'examples', 'docs', 'package.json', 'tsconfig.json']) {
    cpSync(join(root, entry), join(copy, entry), {
      recursive: true,
      filter: (file) =>
        !/node_modules|spec.(?:bench|bundles).*(?:dist|tools)|docs.api/.test(relative(root, file)),
    });
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

function configurationOf(name: string, mutate: readonly string[], area: Area): object {
  return {
    testRunner: 'specs',
    plugins: [join(__dirname, 'runner.ts')],
    specRunner: { files: specFilesOf(area), timeoutMs: area.timeoutMs },
    mutate,
    warnings: { unknownOptions: false },
    concurrency: 5,
    coverageAnalysis: area.runsProcesses === true ? 'off' : 'perTest',
    // The text of a message is no behaviour.
    mutator: { excludedMutations: ['StringLiteral'] },
    timeoutMS: 4 * area.timeoutMs,
    inPlace: true,
    reporters: ['clear-text', 'html', 'json', 'progress-append-only'],
    clearTextReporter: { logTests: false, reportTests: false },
    htmlReporter: { fileName: join(root, `coverage/mutation/${name}/index.html`) },
    jsonReporter: { fileName: join(root, `coverage/mutation/${name}/report.json`) },
    thresholds: { high: 100, low: area.atLeast, break: area.atLeast },
  };
}

/** Those that try very much, or wait, come last: most changes are noticed before. */
function specFilesOf({ specs }: Area): string[] {
  const isLong = (file: string): boolean =>
    /fuzz|properties|any-order|clients|fleet|faults|postgres/.test(file);
  const files = specs.flatMap(filesOf).filter(isSpec);
  return [...files.filter((file) => !isLong(file)), ...files.filter(isLong)];
}

/** Left out: what other processes run, what counts bytes of code, what takes Jest's own world. */
const NOT_HERE = /(?:leaks|memory|vectors|page-files|ai-sdk-\d\S*)\.spec|store.processes/;

/** What draws is tested in a browser. */
const DRAWS = /lib\/http\/page\/(?!model)/;

function isSpec(file: string): boolean {
  return file.endsWith('.spec.ts') && !NOT_HERE.test(file);
}

/** The TypeScript files of a place, from the project's folder; lines of a file as they are. */
function filesOf(place: string): string[] {
  if (/\.ts(?::[\d-]+)?$/.test(place)) return existsSync(join(root, place.replace(/:.*/, ''))) ? [place] : [];
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

/** Whether the command succeeds; its exit code becomes that of this process. */
function run(command: string, parameters: readonly string[], cwd: string, environment: object = {}): boolean {
  const { status } = spawnSync(command, parameters, {
    cwd,
    stdio: 'inherit',
    env: { ...process.env, ...environment },
  });
  process.exitCode = status ?? 1;
  return status === 0;
}

void main();
