import type { ValidationIssue } from '../record/error';
import { validationError } from '../record/error';
import { setMember } from '../record/json';
import { parseTimestamp } from '../record/timestamp';

const METADATA = 'metadata.';
const INTEGER = /^(?:0|[1-9]\d{0,15})$/;

/**
 * The query of a request, read parameter by parameter. Errors are collected as issues; so are parameters
 * that nobody has read, since a misspelt filter must not select everything.
 */
export class Query {
  readonly #parameters: URLSearchParams;
  readonly #issues: ValidationIssue[] = [];
  readonly #read = new Set<string>();

  constructor(parameters: URLSearchParams) {
    this.#parameters = parameters;
  }

  /** A text; undefined where it is not given. */
  text(name: string): string | undefined {
    const values = this.texts(name);
    if (values.length > 1) this.refuse(name, 'must be given once');
    return values[0];
  }

  /** A text that may be given several times. */
  texts(name: string): readonly string[] {
    this.#read.add(name);
    return this.#parameters.getAll(name);
  }

  word<Word extends string>(name: string, words: readonly Word[]): Word | undefined {
    const text = this.text(name);
    if (text === undefined || (words as readonly string[]).includes(text)) return text as Word | undefined;
    this.refuse(name, `must be one of ${words.join(', ')}`);
    return undefined;
  }

  integer(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined || isInteger(text)) return text === undefined ? undefined : Number(text);
    this.refuse(name, 'must be an integer, not negative');
    return undefined;
  }

  /** A number to go on from, or `end`. */
  start(name: string): number | 'end' | undefined {
    return this.#parameters.get(name) === 'end' ? (this.text(name) as 'end') : this.integer(name);
  }

  flag(name: string): boolean | undefined {
    const word = this.word(name, ['true', 'false']);
    return word === undefined ? undefined : word === 'true';
  }

  /** ISO 8601 with an offset. */
  moment(name: string): Date | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const moment = parseTimestamp(text);
    if (moment !== null) return new Date(moment.ms);
    this.refuse(name, 'must be a time with date and offset: 2026-01-31T09:00:00Z');
    return undefined;
  }

  /** The members of `metadata.NAME`, as texts; null for none. */
  metadata(): Readonly<Record<string, string>> | null {
    const names = [...new Set(this.#parameters.keys())].filter((name) => name.startsWith(METADATA));
    if (names.length === 0) return null;
    const members = {};
    for (const name of names) setMember(members, name.slice(METADATA.length), this.text(name));
    return members;
  }

  refuse(path: string, message: string): void {
    this.#issues.push({ path, message });
  }

  /**
   * Called when all known parameters have been read: refuses any other.
   *
   * @throws {RunError} `validation_error`
   */
  finish(): void {
    const known = [...this.#read].filter((name) => !name.startsWith(METADATA)).join(', ');
    for (const name of new Set(this.#parameters.keys())) {
      if (!this.#read.has(name)) this.refuse(name.slice(0, 80), `is unknown (known: ${known})`);
    }
    this.check();
  }

  /**
   * Refuses what was wrong so far, for a query that others go on reading.
   *
   * @throws {RunError} `validation_error`
   */
  check(): void {
    if (this.#issues.length > 0) throw validationError('query', this.#issues);
  }
}

/** Whether the text is an integer that a number holds. */
export function isInteger(text: string): boolean {
  return INTEGER.test(text) && Number.isSafeInteger(Number(text));
}
