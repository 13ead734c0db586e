import type { ValidationIssue } from '../record/error';
import { validationError } from '../record/error';
import { formatPath } from '../record/json';
import type { Counts, PriceDetails, UsageCounters } from './counters';

/**
 * Whether a payload stands for one request, or is a snapshot of everything so far.
 */
export type UsageScope = 'request' | 'cumulative';

/** What a format made of a payload: the counters, and what else the payload says. */
export interface UsageReport extends UsageCounters, PriceDetails {
  /** The model, where the payload names it. */
  readonly model?: string | undefined;
  /** What it cost in US dollars, where the payload says so; taken before a computed price. */
  readonly costUsd?: number | undefined;
}

/**
 * Reads a payload of your own.
 *
 * @returns the counters, `input_tokens` with what was cached and `output_tokens` with reasoning; an
 * array for a payload of several requests.
 *
 * @example
 * ```ts
 * const format: UsageFormat = (payload) => {
 *   const { tokensIn, tokensOut } = payload as MyUsage;
 *   return { input_tokens: tokensIn, output_tokens: tokensOut };
 * };
 * ```
 */
export type UsageFormat = (payload: unknown) => UsageReport | readonly UsageReport[];

/** One request of a reading, or one model of a snapshot. */
export interface UsagePart {
  readonly model: string | null;
  readonly counts: Counts;
  /** US dollars; null where the payload does not say. */
  readonly costUsd: number | null;
}

/** What a payload says. */
export interface UsageReading {
  readonly parts: readonly UsagePart[];
  /** What the payload is when nobody says otherwise. */
  readonly scope: UsageScope;
  /** Whether the parts are the models of one snapshot, and not requests. */
  readonly byModel: boolean;
  /** The whole cost in US dollars, where the payload gives one. */
  readonly costUsd: number | null;
  /** The message of a stream that this event opens, or `'open'` for an event of the one that is open. */
  readonly streamed: { readonly opens: string } | 'open' | null;
  /** An object that stands for one growing total, such as a live `Usage` of the OpenAI Agents SDK. */
  readonly liveTotal: object | null;
}

/** What a format may look at beside the usage object. */
export interface FormatContext {
  /** What was handed in, around the usage object. */
  readonly payload: object;
  readonly provider: string | null;
  readonly model: string | null;
}

/** A payload format that is known by name. */
export interface KnownFormat {
  /** Keys of which a usage object of this format has at least one. */
  readonly keys: readonly string[];
  /** Keys that tell it from formats with the same `keys`. */
  readonly marks: readonly string[];
  /** Whether the payload around the usage says that it is of this format, whatever its shape. */
  claims?(payload: object): boolean;
  /** Whose prices these are, where the meter does not say. */
  readonly provider?: string;
  read(usage: Fields, context: FormatContext): UsageReading;
}

/** A reading of requests. */
export function requestReading(...parts: readonly UsagePart[]): UsageReading {
  return { parts, scope: 'request', byModel: false, costUsd: null, streamed: null, liveTotal: null };
}

/**
 * Reads members of an object that came from outside: null is "not reported", what is no count is an
 * issue with its path, never with its value.
 */
export class Fields {
  readonly path: string;
  readonly #source: object;
  readonly #issues: ValidationIssue[];

  constructor(source: object, path: string, issues: ValidationIssue[]) {
    this.#source = source;
    this.path = path;
    this.#issues = issues;
  }

  get source(): object {
    return this.#source;
  }

  /** The count; undefined where it is not reported. */
  count(name: string): number | undefined {
    const value = memberOf(this.#source, name);
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER) return value;
    this.#issues.push({
      path: this.#pathOf(name),
      message: 'must be a count: a number, not negative, at most 2^53 - 1',
    });
    return undefined;
  }

  /** The dollars; null where they are not reported. */
  dollars(name: string): number | null {
    const value = memberOf(this.#source, name);
    if (value === undefined || value === null) return null;
    if (typeof value === 'number' && value >= 0 && Number.isFinite(value)) return value;
    this.#issues.push({
      path: this.#pathOf(name),
      message: 'must be dollars: a finite number, not negative',
    });
    return null;
  }

  /** The fields of a nested object; of an empty one where there is none. */
  nested(name: string): Fields {
    const value = memberOf(this.#source, name);
    return new Fields(isObject(value) ? value : {}, this.#pathOf(name), this.#issues);
  }

  /** The fields of an own member, whatever its name: a model may be called `__proto__`. */
  own(name: string): Fields {
    const value: unknown = Object.hasOwn(this.#source, name)
      ? (this.#source as Record<string, unknown>)[name]
      : undefined;
    return new Fields(isObject(value) ? value : {}, formatPath([this.path, name]), this.#issues);
  }

  /** The fields of another object of the same payload. */
  of(source: object, path: string): Fields {
    return new Fields(source, path, this.#issues);
  }

  /** The fields of each object in a nested array. */
  list(name: string): Fields[] {
    const value = memberOf(this.#source, name);
    if (!Array.isArray(value)) return [];
    return value
      .filter(isObject)
      .map((item, index) => new Fields(item, `${this.#pathOf(name)}[${index}]`, this.#issues));
  }

  #pathOf(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`;
  }
}

/** The sum of what is known; undefined where nothing is. */
export function sumOf(...counts: readonly (number | undefined)[]): number | undefined {
  const known = counts.filter((count) => count !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, count) => sum + count, 0);
}

/** The counts that are reported. */
export function reported(counts: { readonly [Name in keyof Counts]?: number | undefined }): Counts {
  const known: Counts = {};
  for (const [name, count] of Object.entries(counts)) {
    if (count !== undefined) known[name as keyof Counts] = count;
  }
  return known;
}

/**
 * A member of an object from outside, an SDK's class with getters too; undefined for what every
 * object inherits.
 *
 * @throws {RunError} `validation_error` when reading it throws.
 */
export function memberOf(source: object, name: string): unknown {
  try {
    if (!(name in source) || name in Object.prototype) return undefined;
    return (source as Record<string, unknown>)[name];
  } catch (cause) {
    throw validationError('usage', [{ path: name, message: 'cannot be read: it throws' }], cause);
  }
}

/** The first of the members that is a text. */
export function textOf(source: object, ...names: readonly string[]): string | null {
  for (const name of names) {
    const value = memberOf(source, name);
    if (typeof value === 'string' && value !== '') return value;
  }
  return null;
}

/** Whether there is something to look into. */
export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
