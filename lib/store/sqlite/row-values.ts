import { RECORD_COLUMNS } from '../columns';
import type { SqliteValue } from './driver';

/** The columns that a write may set, in the order of its statement. */
const SETTABLE = [
  ...RECORD_COLUMNS,
  'touched_ms',
  'revision',
  'writer',
  'seq',
  'last_position',
  'lease_owner',
  'lease_expires_ms',
] as const;

export type SettableColumn = (typeof SETTABLE)[number];

const BITS = Object.fromEntries(SETTABLE.map((name, index) => [name, 1 << index])) as Readonly<
  Record<SettableColumn, number>
>;

/** Columns and what they are set to, added in the order of {@link SETTABLE}. */
export class RowValues {
  readonly values: SqliteValue[] = [];
  #columns = 0;

  /** A number for this set of columns, below 2 to the power of 24. */
  get columns(): number {
    return this.#columns;
  }

  get names(): readonly SettableColumn[] {
    return SETTABLE.filter((name) => (this.#columns & BITS[name]) !== 0);
  }

  add(name: SettableColumn, value: SqliteValue): this {
    this.#columns |= BITS[name];
    this.values.push(value);
    return this;
  }
}
