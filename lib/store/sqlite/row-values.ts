import { RECORD_COLUMNS } from '../columns';
import type { SqliteValue } from './driver';

/** The columns that a write may set, in the order of its statement. */
const SETTABLE = [
  ...RECORD_COLUMNS,
  'touched_ms',
  'revision',
  'writer',
  'seq',
  'has_journal',
  'lease_owner',
  'lease_token',
  'lease_ms',
  'lease_expires_ms',
] as const;

export type SettableColumn = (typeof SETTABLE)[number];

/** A power of two for each column. They are added up, since JavaScript's bit operators end at 32 bits. */
const BITS = Object.fromEntries(SETTABLE.map((name, index) => [name, 2 ** index])) as Readonly<
  Record<SettableColumn, number>
>;

/** Columns and what they are set to, added in the order of {@link SETTABLE}, each once. */
export class RowValues {
  readonly values: SqliteValue[] = [];
  readonly names: SettableColumn[] = [];
  #columns = 0;

  /** A number for this set of columns, below 2 to the power of 40. */
  get columns(): number {
    return this.#columns;
  }

  add(name: SettableColumn, value: SqliteValue): this {
    this.#columns += BITS[name];
    this.names.push(name);
    this.values.push(value);
    return this;
  }
}
