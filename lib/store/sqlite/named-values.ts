import type { SqliteValue } from './driver';

/** Columns and what they are set to, in step. */
export class NamedValues {
  readonly values: SqliteValue[] = [];
  #names = '';

  /** The names, a comma between them. */
  get names(): string {
    return this.#names;
  }

  add(name: string, value: SqliteValue): this {
    this.#names += this.#names === '' ? name : `,${name}`;
    this.values.push(value);
    return this;
  }
}
