import { basename, relative, resolve } from 'node:path';
import type { TestReport } from './run-specs';
import { runSpecs, setUpSpecs } from './run-specs';

/** What changed code asks, as Stryker's instrumenter writes it. */
interface Control {
  /** The change that is on. */
  activeMutant?: string | undefined;
  /** The test that runs: changed code notes which test reaches it. */
  currentTestId?: string | undefined;
  mutantCoverage?: object;
  /** Changed code that is reached more often than this throws: it is in a loop without an end. */
  hitLimit?: number | undefined;
  hitCount?: number | undefined;
}

/** What Stryker asks of a run with a change. */
interface MutantRun {
  readonly activeMutant: { readonly id: string; readonly fileName: string };
  /** The tests that reach it; without a list, all tests, in a process of its own. */
  readonly testFilter?: readonly string[];
  readonly hitLimit?: number;
}

interface Options {
  /** `off` where which test reaches what cannot be known. */
  readonly coverageAnalysis: string;
  readonly specRunner: {
    readonly files: readonly string[];
    /** How long a test may take while something is changed, in milliseconds. */
    readonly timeoutMs: number;
  };
}

/** How long a test may take while nothing is changed, or where it is the first to load what it needs. */
const COLD_MS = 60_000;

const IN_PROCESSES = '__STRYKER_ACTIVE_MUTANT__';

const control = ((globalThis as { __stryker__?: Control }).__stryker__ ??= {});

/**
 * Runs the specs for Stryker in a process that stays: a change is switched on and off in modules that are
 * loaded once, and only the tests that reach it are run, those in the file of its name first. Jest sets up
 * a world for each file of specs, which takes a hundred times as long.
 */
class SpecRunner {
  static readonly inject = ['options'] as const;
  readonly #files: readonly string[];
  readonly #timeoutMs: number;
  readonly #knowsReach: boolean;
  #areLoaded = false;

  constructor({ specRunner, coverageAnalysis }: Options) {
    this.#knowsReach = coverageAnalysis !== 'off';
    this.#files = specRunner.files.map((file) => resolve(file));
    this.#timeoutMs = specRunner.timeoutMs;
  }

  capabilities(): object {
    return { reloadEnvironment: false };
  }

  init(): void {
    setUpSpecs();
  }

  /** Runs everything unchanged, and notes which test reaches which change. */
  async dryRun(): Promise<object> {
    await this.#load();
    const tests: object[] = [];
    for (const file of this.#files) {
      // What a file of specs reaches outside its tests, any of them may depend on.
      const outside = idOutside(file);
      control.currentTestId = outside;
      const onTest = (id: string | undefined): void => void (control.currentTestId = id ?? outside);
      const reports = await runSpecs(file, { only: null, stopsAtFailure: false, timeoutMs: COLD_MS, onTest });
      tests.push({ id: outside, name: outside, timeSpentMs: 0, status: 0 }, ...reports.map(resultOf));
    }
    control.currentTestId = undefined;
    const reach = this.#knowsReach ? { mutantCoverage: control.mutantCoverage } : {};
    return { status: 'complete', tests, ...reach };
  }

  async mutantRun(run: MutantRun): Promise<object> {
    if (run.testFilter !== undefined) await this.#load();
    switchOn(run.activeMutant.id);
    control.hitLimit = run.hitLimit;
    control.hitCount = run.hitLimit === undefined ? undefined : 0;
    try {
      return await this.#resultOf(run);
    } finally {
      switchOn(undefined);
      control.hitLimit = undefined;
    }
  }

  /** Evaluates each file once, and with it what it requires. */
  async #load(): Promise<void> {
    if (this.#areLoaded) return;
    this.#areLoaded = true;
    for (const file of this.#files) {
      await runSpecs(file, { only: new Set(), stopsAtFailure: false, timeoutMs: COLD_MS });
    }
  }

  async #resultOf({ activeMutant, testFilter, hitLimit }: MutantRun): Promise<object> {
    let nrOfTests = 0;
    for (const file of this.#nearestFirst(activeMutant.fileName)) {
      const only = testFilter === undefined ? null : testsIn(file, testFilter);
      if (only?.size === 0) continue;
      const timeoutMs = testFilter === undefined ? COLD_MS : this.#timeoutMs;
      const reports = await runSpecs(file, { only, stopsAtFailure: true, timeoutMs });
      nrOfTests += reports.length;
      if (hitLimit !== undefined && (control.hitCount ?? 0) > hitLimit) return { status: 'timeout' };
      const failed = reports.find(({ failure }) => failure !== null);
      if (failed === undefined) continue;
      if (testFilter !== undefined) await this.#holdUnchanged(file, failed);
      return { status: 'killed', killedBy: [failed.id], failureMessage: failed.failure, nrOfTests };
    }
    return { status: 'survived', nrOfTests };
  }

  #nearestFirst(changed: string): readonly string[] {
    const name = basename(changed, '.ts');
    const isNear = (file: string): boolean => basename(file, '.spec.ts') === name;
    return [...this.#files.filter(isNear), ...this.#files.filter((file) => !isNear(file))];
  }

  /**
   * A change may leave something behind that fails tests after it. So the test that has noticed this one has
   * to pass without it; if it does not, Stryker tries again in a fresh process.
   */
  async #holdUnchanged(file: string, { id, failure }: TestReport): Promise<void> {
    switchOn(undefined);
    control.hitLimit = undefined;
    const only = id === idOutside(file) ? null : new Set([id]);
    const reports = await runSpecs(file, { only, stopsAtFailure: true, timeoutMs: this.#timeoutMs });
    const failed = reports.find((report) => report.failure !== null);
    if (failed) {
      throw new Error(`${id} fails without the change too: ${failed.failure ?? ''} (${failure ?? ''})`);
    }
  }
}

/** Here, and in the processes that specs start, where changed code asks their environment. */
function switchOn(change: string | undefined): void {
  control.activeMutant = change;
  if (change === undefined) Reflect.deleteProperty(process.env, IN_PROCESSES);
  else process.env[IN_PROCESSES] = change;
}

function idOutside(file: string): string {
  return relative(process.cwd(), file);
}

/** Null for all of them. */
function testsIn(file: string, ids: readonly string[]): ReadonlySet<string> | null {
  const outside = idOutside(file);
  if (ids.includes(outside)) return null;
  return new Set(ids.filter((id) => id.startsWith(`${outside} ›`)));
}

/** As Stryker has it: 0 is passed, 1 failed, 2 skipped. */
function resultOf({ id, milliseconds, failure, isSkipped }: TestReport): object {
  const result = { id, name: id, timeSpentMs: milliseconds };
  if (failure !== null) return { ...result, status: 1, failureMessage: failure };
  return { ...result, status: isSkipped ? 2 : 0 };
}

export const strykerPlugins = [{ kind: 'TestRunner', name: 'specs', injectableClass: SpecRunner }];
