import type { ValidationIssue } from './error';
import { validationError } from './error';
import type { JsonObject, JsonValue } from './json';
import { copyJson, copyJsonObject, formatPath, isJsonObject, ownMember, setMember } from './json';

/**
 * Token counters by name, written as on the wire: `input_tokens`, `output_tokens`. Open, since every
 * provider counts something of its own; nested counters (`input_tokens_details.cached_tokens`) too.
 */
export interface TokenUsage {
  /** Tokens that went in, those read from or written to a cache included. */
  readonly input_tokens?: number;
  /** Tokens that came out, reasoning included. */
  readonly output_tokens?: number;
  /** The part of `input_tokens` that was read from a cache. */
  readonly cache_read_tokens?: number;
  /** The part of `input_tokens` that was written to a cache. */
  readonly cache_write_tokens?: number;
  /** The part of `output_tokens` that was reasoning. */
  readonly reasoning_tokens?: number;
  /** Input and output. */
  readonly total_tokens?: number;
  /** Calls of a model. */
  readonly requests?: number;
  /** Calls of a model that no price was found for. */
  readonly unpriced_requests?: number;
  /** A count, counters below it, or whatever else a provider says beside its counts. */
  readonly [counter: string]: JsonValue | TokenUsage | undefined;
}

/** Counters that are added to in place. */
export type Counters = Record<string, unknown>;

/**
 * Checks a report of usage and copies it, without what it says is not reported (`null`).
 *
 * @returns the counts to add.
 * @throws {RunError} `validation_error` for what is no object, and for counts that are negative or not finite.
 */
export function takeUsage(usage: unknown): JsonObject {
  const counts = takeCounts(usage);
  if (counts !== null) return counts;
  const issues: ValidationIssue[] = [];
  const delta = copyJsonObject(usage, 'usage', issues);
  if (issues.length === 0) findNegative(delta, ['usage'], issues);
  if (issues.length > 0) throw validationError('usage', issues);
  dropUnreported(delta);
  return delta;
}

/**
 * Copies the counters of a record.
 *
 * @param issues - Takes what is wrong: no count of a record is negative.
 */
export function readCounters(usage: unknown, issues: ValidationIssue[]): Counters {
  const counts = takeCounts(usage);
  if (counts !== null) return counts;
  const counters = copyJson(usage, 'token_usage', issues) as Counters;
  if (isJsonObject(counters)) findNegative(counters, ['token_usage'], issues);
  return counters;
}

/**
 * Checks that every sum stays a finite number, before anything is added.
 *
 * @throws {RunError} `validation_error`
 */
export function checkSums(counters: Counters, delta: JsonObject): void {
  // Stryker disable next-line ConditionalExpression: only faster; the closer look says the same
  if (addsSmallCounts(delta)) return;
  const issues: ValidationIssue[] = [];
  collectOverflows(counters, delta, ['usage'], issues);
  if (issues.length > 0) throw validationError('usage', issues);
}

/** No sum with a safe integer overflows: beside the largest number it is lost in rounding. */
function addsSmallCounts(delta: JsonObject): boolean {
  // An inherited member, if there ever is one, leads to the closer look.
  // Stryker disable next-line ConditionalExpression: only faster; the closer look says the same
  for (const key in delta) if (!Number.isSafeInteger(delta[key])) return false;
  return true;
}

/** Adds the counts in place: numbers to numbers, objects key by key, anything else replaces. */
export function addUsage(counters: Counters, delta: JsonObject): void {
  for (const key of Object.keys(delta)) {
    const added = delta[key];
    // No prototype has a number for a member: what is one here is the counter's own.
    const current = counters[key];
    if (typeof added !== 'number') addOther(counters, key, added);
    else if (typeof current === 'number') counters[key] = notNegative(current + added);
    else setMember(counters, key, notNegative(added));
  }
}

/** A correction takes back no more than there is: a record with a negative count could not be read. */
function notNegative(count: number): number {
  return Math.max(0, count);
}

/**
 * Adds only numbers, at every depth: for sums over runs, where a text, an array or an object of one run
 * hides no number of another.
 */
export function addNumbers(sums: Counters, usage: object): void {
  for (const key of Object.keys(usage)) {
    const added = (usage as Counters)[key];
    const current = ownMember(sums, key);
    if (typeof added === 'number') {
      setMember(sums, key, typeof current === 'number' ? finiteSum(current, added) : added);
    } else if (isJsonObject(added) && typeof current !== 'number') {
      const nested = (current ?? {}) as Counters;
      addNumbers(nested, added);
      if (Object.keys(nested).length > 0) setMember(sums, key, nested);
    }
  }
}

/** A sum that stays a finite number: past that a limit would never be met again. */
export function finiteSum(first: number, second: number): number {
  return Math.max(-Number.MAX_VALUE, Math.min(first + second, Number.MAX_VALUE));
}

/** A frozen copy of the counters. */
export function freezeUsage(counters: Counters): TokenUsage {
  const copy: Counters = {};
  // One by one: to freeze what a spread has made takes twice as long as both here.
  for (const key of Object.keys(counters)) setMember(copy, key, frozenCopy(counters[key]));
  return Object.freeze(copy) as TokenUsage;
}

/** A copy of the counters that is one listener's own: frozen below the top, where there is anything. */
export function copyUsage(counters: Readonly<Counters> | TokenUsage): TokenUsage {
  const copy: Counters = { ...counters };
  // An inherited member, if there ever is one, is not the copy's own.
  for (const key in copy) {
    const value = copy[key];
    if (typeof value === 'object' && Object.hasOwn(copy, key)) setMember(copy, key, frozenCopy(value));
  }
  return copy as TokenUsage;
}

function frozenCopy(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Array.isArray(value) ? Object.freeze(value.map(frozenCopy)) : freezeUsage(value as Counters);
}

/** The number that stands under a counter; 0 where none does. */
export function countOf(counters: Readonly<Counters> | TokenUsage, key: string): number {
  const value = counters[key];
  return typeof value === 'number' ? value : 0;
}

/**
 * The tokens of a run: what the provider gives as the total, or input and output, whichever is larger.
 */
export function totalTokensOf(counters: Readonly<Counters> | TokenUsage): number {
  const inAndOut = countOf(counters, 'input_tokens') + countOf(counters, 'output_tokens');
  return Math.max(countOf(counters, 'total_tokens'), Math.min(inAndOut, Number.MAX_VALUE));
}

// Stryker disable ConditionalExpression,EqualityOperator: only faster; the closer look says the same
/** What most reports are: an object of counts. Null for a report that takes a closer look. */
function takeCounts(usage: unknown): JsonObject | null {
  try {
    return isJsonObject(usage) ? copyCounts(usage) : null;
  } catch {
    // What throws when it is read is reported by the closer look.
    return null;
  }
}

function copyCounts(usage: JsonObject): JsonObject | null {
  const counts = { ...usage };
  // As above: `for in` takes half the time that a list of the own members does.
  for (const key in counts) if (!isCount(counts[key])) return null;
  return counts;
}

function isCount(value: unknown): boolean {
  return Number.isFinite(value) && (value as number) >= 0;
}
// Stryker restore ConditionalExpression,EqualityOperator

function addOther(counters: Counters, key: string, added: JsonValue | undefined): void {
  const current = ownMember(counters, key);
  if (!isJsonObject(added)) {
    // An array would stand in the event's delta too.
    setMember(counters, key, frozenCopy(added));
  } else if (isJsonObject(current)) {
    addUsage(current, added);
  } else {
    const nested: Counters = {};
    addUsage(nested, added);
    setMember(counters, key, nested);
  }
}

function dropUnreported(delta: JsonObject): void {
  for (const [key, value] of Object.entries(delta)) {
    if (value === null) Reflect.deleteProperty(delta, key);
    else if (isJsonObject(value)) dropUnreported(value);
  }
}

/** Finds the counts that are negative: they would hide what a run has used from its limits. */
function findNegative(counters: object, path: readonly string[], issues: ValidationIssue[]): void {
  for (const [key, value] of Object.entries(counters)) {
    if (typeof value === 'number') {
      if (value < 0) issues.push({ path: formatPath([...path, key]), message: 'must not be negative' });
    } else if (isJsonObject(value)) {
      findNegative(value, [...path, key], issues);
    }
  }
}

function collectOverflows(
  counters: Counters,
  delta: JsonObject,
  path: string[],
  issues: ValidationIssue[],
): void {
  for (const key of Object.keys(delta)) {
    const added = delta[key];
    if (typeof added === 'number') {
      if (Number.isFinite(countOf(counters, key) + added)) continue;
      issues.push({
        path: formatPath([...path, key]),
        message: 'adds up to more than a number holds',
      });
    } else {
      const current = ownMember(counters, key);
      if (!isJsonObject(added) || !isJsonObject(current)) continue;
      collectOverflows(current, added, [...path, key], issues);
    }
  }
}
