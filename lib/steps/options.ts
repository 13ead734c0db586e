import type { ValidationIssue } from '../record/error';
import { validationError } from '../record/error';
import type { JsonObject } from '../record/json';
import { refuseUnknown } from '../record/options';
import { fitsIn } from './fits-in';
import { takePayload } from './payload';

/** How a step begins. */
export interface StartStepOptions {
  /** What the step is: `tool`, `model`, or any other word. @default 'tool' */
  readonly kind?: 'tool' | 'model' | (string & {}) | undefined;
  /**
   * What goes into it, at most 65,536 bytes of JSON; what is no object is kept as `{ value }`.
   * @default nothing
   */
  readonly input?: unknown;
}

/** How a function is run as a step. */
export interface StepOptions<Result = unknown> extends StartStepOptions {
  /**
   * What is kept of the function's result: all of it, or what a function picks from it. A result that is
   * larger than 65,536 bytes or no JSON is left out, with `omitted: true`.
   * @default nothing: results are large, and personal
   */
  readonly output?: boolean | ((result: Awaited<Result>) => unknown) | undefined;
}

/** {@link StartStepOptions}, checked and complete. */
export interface StepStart {
  readonly name: string;
  readonly kind: string;
  readonly input: JsonObject | null;
}

/** The longest name of a step, a kind of steps or a note, in bytes of UTF-8. */
const MAX_NAME_BYTES = 1_000;

const START_OPTIONS = ['kind', 'input'] as const;
const RUN_OPTIONS = ['kind', 'input', 'output'] as const;

/** @throws {RunError} `validation_error` */
export function readStart(name: unknown, options?: StartStepOptions): StepStart {
  if (options === undefined) return { name: takeName(name, 'name'), kind: 'tool', input: null };
  return readOptions(name, options, START_OPTIONS);
}

/** @throws {RunError} `validation_error` */
export function readRun<Result>(name: unknown, fn: unknown, options?: StepOptions<Result>): StepStart {
  if (typeof fn !== 'function') {
    throw validationError('step', [{ path: 'fn', message: 'must be a function' }]);
  }
  if (options === undefined) return readStart(name);
  const output: unknown = (options as StepOptions | null)?.output;
  if (output !== undefined && typeof output !== 'boolean' && typeof output !== 'function') {
    const message = 'must be true, false or a function';
    throw validationError('options of a step', [{ path: 'output', message }]);
  }
  return readOptions(name, options, RUN_OPTIONS);
}

/** @throws {RunError} `validation_error` for what is no text, for an empty one, and for a long one. */
export function takeName(name: unknown, path: string): string {
  if (typeof name === 'string' && name !== '' && fitsIn(name, MAX_NAME_BYTES)) return name;
  throw nameError(path);
}

function nameError(path: string): Error {
  const issue: ValidationIssue = {
    path,
    message: `must be a text of 1 to ${MAX_NAME_BYTES} bytes`,
  };
  return validationError('step', [issue]);
}

function readOptions(name: unknown, options: StartStepOptions, known: readonly string[]): StepStart {
  refuseUnknown(options, known, 'options of a step');
  const { kind = 'tool', input } = options;
  return { name: takeName(name, 'name'), kind: takeName(kind, 'kind'), input: takePayload(input, 'input') };
}
