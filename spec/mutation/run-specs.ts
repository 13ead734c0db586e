import { createRequire } from 'node:module';
import { relative } from 'node:path';
import { jestExpect } from '@jest/expect';
import type { Circus } from '@jest/types';
import { configureGlobal } from 'fast-check';
import * as circus from 'jest-circus';
import { jestObject, resetJestObject } from './jest-object';

/** How one test came out. */
export interface TestReport {
  /** The file and the full name. */
  readonly id: string;
  readonly milliseconds: number;
  /** What it failed with; null where it passed. */
  readonly failure: string | null;
  readonly isSkipped: boolean;
}

/** What a run of the specs is told, and tells. */
export interface SpecRun {
  /** Only the tests with these ids; all where it is null. */
  readonly only: ReadonlySet<string> | null;
  /** Whether what follows a failure is left out. */
  readonly stopsAtFailure: boolean;
  /** How long a test may take. */
  readonly timeoutMs: number;
  /** Called around each test. */
  onTest?(id: string | undefined): void;
}

/** How long what stands around tests may take, in milliseconds: it makes databases, on a busy machine. */
const HOOK_MS = 60_000;

const evaluate = createRequire(__filename);
let now: { readonly file: string; readonly run: SpecRun; hasFailed: boolean } | null = null;

/** Makes this process one in which files of specs can be required, again and again. */
export function setUpSpecs(): void {
  const { describe, it, test, beforeAll, beforeEach, afterAll, afterEach } = circus;
  Object.assign(globalThis, { describe, it, test, beforeAll, beforeEach, afterAll, afterEach });
  Object.assign(globalThis, { expect: jestExpect, jest: jestObject });
  // The same few examples for each change: what they find, they find again.
  configureGlobal({ numRuns: 20, seed: 1 });
  circus.addEventHandler(onEvent);
  // What nobody catches is the failure of the test that runs.
  for (const name of ['uncaughtException', 'unhandledRejection'] as const) process.on(name, onUncaught);
}

/**
 * Runs one file of specs in this process. The file itself is evaluated anew; what it requires is not, which
 * is what makes this fast.
 */
export async function runSpecs(file: string, run: SpecRun): Promise<TestReport[]> {
  now = { file, run, hasFailed: false };
  resetJestObject(file);
  circus.resetState();
  circus.getState().testTimeout = HOOK_MS;
  try {
    Reflect.deleteProperty(require.cache, file);
    evaluate(file);
    const root = circus.getState().rootDescribeBlock;
    for (const test of testsOf(root)) prepare(test, run);
    const { testResults, unhandledErrors } = await circus.run();
    const reports = testResults.map((result) => reportOf(file, result));
    if (unhandledErrors.length > 0) reports.push(ofFile(file, unhandledErrors.join('\n')));
    return reports;
  } catch (error) {
    return [ofFile(file, String(error instanceof Error ? error.stack : error))];
  } finally {
    resetJestObject(file);
    now = null;
  }
}

function* testsOf(block: Circus.DescribeBlock): Generator<Circus.TestEntry> {
  for (const child of block.children) {
    if (child.type === 'test') yield child;
    else yield* testsOf(child);
  }
}

function prepare(test: Circus.TestEntry, { only, timeoutMs }: SpecRun): void {
  if (only !== null && !only.has(idOf(test))) test.mode = 'skip';
  test.timeout = timeoutMs;
}

function onEvent(event: Circus.Event): void {
  if (now === null) return;
  const { run } = now;
  if (event.name === 'test_start') {
    if (now.hasFailed && run.stopsAtFailure) event.test.mode = 'skip';
    jestExpect.setState({ currentTestName: idOf(event.test), testPath: now.file });
    run.onTest?.(idOf(event.test));
  } else if (event.name === 'test_done') {
    now.hasFailed ||= event.test.errors.length > 0;
    run.onTest?.(undefined);
  }
}

function onUncaught(error: unknown): void {
  const test = circus.getState().currentlyRunningTest;
  if (test) test.errors.push(error);
  else if (now !== null) circus.getState().unhandledErrors.push(error);
}

function idOf(test: Circus.TestEntry): string {
  const names = [test.name];
  for (let block = test.parent; block.parent !== undefined; block = block.parent) names.unshift(block.name);
  return `${relative(process.cwd(), now?.file ?? '')} › ${names.join(' › ')}`;
}

function reportOf(file: string, result: Circus.TestResult): TestReport {
  return {
    id: `${relative(process.cwd(), file)} › ${result.testPath.slice(1).join(' › ')}`,
    milliseconds: result.duration ?? 0,
    failure: result.errors.length > 0 ? result.errors.join('\n') : null,
    isSkipped: result.status === 'skip' || result.status === 'todo',
  };
}

function ofFile(file: string, failure: string): TestReport {
  return { id: relative(process.cwd(), file), milliseconds: 0, failure, isSkipped: false };
}
