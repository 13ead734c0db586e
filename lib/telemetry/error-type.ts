import type { JsonObject } from '../record/json';
import type { AnyRun } from '../run';
import { ERROR_TYPE_OTHER } from './names';

/** A word that names a class of errors, not a single one: `rate_limit_exceeded`, `TypeError`, `500`. */
const WORD = /^[\w.:/-]{1,64}$/;

/** The name of a class of errors. */
const NAME = /^\w+Error$/;

/** The most different values of `error.type`, which has to be of low cardinality. */
const MOST_TYPES = 200;

/**
 * Says what class of error ended a run. Texts that name no class, and whatever comes after the first
 * {@link MOST_TYPES} different ones, are `_OTHER`: a metric has a series for each value.
 */
export class ErrorTypes {
  readonly #seen = new Set<string>();

  /** The `error.type` of a run that failed, was cancelled or timed out; undefined of any other. */
  of({ status, error }: AnyRun): string | undefined {
    if (status !== 'failed' && status !== 'cancelled' && status !== 'timeout') return undefined;
    return this.word(error);
  }

  /** The `error.type` of an error. */
  word(error: JsonObject | null): string {
    const code = isLegacyCode(error) ? undefined : wordOf(error?.['code']);
    const type = code ?? wordOf(error?.['name']);
    if (type === undefined) return ERROR_TYPE_OTHER;
    if (this.#seen.size < MOST_TYPES) this.#seen.add(type);
    return this.#seen.has(type) ? type : ERROR_TYPE_OTHER;
  }
}

/** Whether the code is the number of a DOMException, 20 say: its name, `AbortError`, says more. */
function isLegacyCode(error: JsonObject | null): boolean {
  const name = error?.['name'];
  const code = error?.['code'];
  if (typeof code !== 'number' || typeof name !== 'string' || !NAME.test(name)) return false;
  return new DOMException('', name).code === code;
}

function wordOf(value: unknown): string | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  return typeof text === 'string' && WORD.test(text) ? text : undefined;
}
