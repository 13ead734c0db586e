import type { Resumed, Wait } from '../record/awaiting';
import type { ValidationIssue } from '../record/error';
import { validationError } from '../record/error';
import type { JsonObject, JsonValue } from '../record/json';
import { copyJsonObject } from '../record/json';
import { findUnknown } from '../record/options';
import { invalidOperation } from '../record/refusal';
import type { RunState } from '../record/run-state';
import { LAST_MS } from '../record/timestamp';

/** What a run that parks waits for. */
export interface ParkOptions {
  /** Why it waits, as a word: `approval`. @default null */
  readonly reason?: string | null | undefined;
  /** What the person who answers is to see: any object that JSON can carry. @default null */
  readonly data?: object | null | undefined;
  /** What the run needs to go on: any object that JSON can carry. @default null */
  readonly state?: object | null | undefined;
  /** How long it may wait, in milliseconds. @default for ever */
  readonly expiresInMs?: number | null | undefined;
}

const NAMES = ['reason', 'data', 'state', 'expiresInMs'] as const satisfies readonly (keyof ParkOptions)[];

let runOf: (parking: Parking) => object;

/** What `run.park()` gives: returned by the function that is executed, it parks its run. */
export class Parking {
  static {
    runOf = (parking) => parking.#run;
  }

  readonly #run: object;
  /** Why the run waits. */
  readonly reason: string | null;
  /** What the person who answers is to see. */
  readonly data: JsonObject | null;
  /** What the run needs to go on. */
  readonly state: JsonObject | null;
  /** How long it may wait, in milliseconds; null for ever. */
  readonly expiresInMs: number | null;

  /** @throws {RunError} `validation_error` */
  constructor(run: object, options: ParkOptions) {
    const issues: ValidationIssue[] = [];
    findUnknown(options, NAMES, issues);
    if (issues.length > 0) throw validationError('options of park', issues);
    const { reason = null, data, state, expiresInMs = null } = options;
    if (reason !== null && typeof reason !== 'string') {
      issues.push({ path: 'reason', message: 'must be a string' });
    }
    if (expiresInMs !== null && !isDelay(expiresInMs)) {
      issues.push({
        path: 'expiresInMs',
        message: 'must be a number above 0 that ends before the year 10000',
      });
    }
    this.#run = run;
    this.reason = reason;
    this.data = payload(data, 'data', issues);
    this.state = payload(state, 'state', issues);
    this.expiresInMs = expiresInMs === Infinity ? null : expiresInMs;
    if (issues.length > 0) throw validationError('options of park', issues);
  }
}

/** Whether the parking was made for the run. */
export function isParkingOf(parking: Parking, run: object): boolean {
  return runOf(parking) === run;
}

/** The wait that begins now. */
export function beginWait({ reason, data, state, expiresInMs }: Parking, now: number): Wait {
  const expiresAt = expiresInMs === null ? null : { ms: Math.floor(now + expiresInMs), text: null };
  return { reason, data, state, since: { ms: now, text: null }, expiresAt, answer: null, unknown: null };
}

/**
 * Keeps the answer to what a run waits for.
 *
 * @throws {RunError} `invalid_operation` where it waits for nothing, has its answer, or has waited too long
 */
export function answerWait(state: RunState, answer: JsonValue, now: number): void {
  const { awaiting: wait } = state;
  if (wait === null) throw invalidOperation(state, 'waits for no answer');
  if (wait.answer !== null) throw invalidOperation(state, 'has its answer already');
  if (wait.expiresAt !== null && now >= wait.expiresAt.ms) {
    throw invalidOperation(state, 'has waited too long');
  }
  state.awaiting = { ...wait, answer: { value: answer } };
}

/**
 * Lets a run go on with its answer; null where it waits for none.
 *
 * @throws {RunError} `invalid_operation` where there is no answer yet
 */
export function endWait(state: RunState): Resumed | null {
  const { awaiting: wait } = state;
  if (wait === null) return null;
  const { reason, data, state: kept, answer } = wait;
  if (answer === null) throw invalidOperation(state, 'waits for its answer');
  state.awaiting = null;
  return { reason, data, state: kept, answer: answer.value };
}

function isDelay(value: unknown): boolean {
  return typeof value === 'number' && value > 0 && (value === Infinity || Date.now() + value <= LAST_MS);
}

function payload(value: unknown, name: string, issues: ValidationIssue[]): JsonObject | null {
  return value === undefined || value === null ? null : copyJsonObject(value, name, issues);
}
