import type { RowKey } from '../backend';

/** Rows in the order of pages: by start, then by id, the newest last. */
export class RowOrder<Row extends RowKey> {
  readonly #rows: Row[] = [];

  get isEmpty(): boolean {
    return this.#rows.length === 0;
  }

  add(row: Row): void {
    this.#rows.splice(this.#countBefore(row), 0, row);
  }

  remove(row: Row): void {
    this.#rows.splice(this.#countBefore(row), 1);
  }

  /** The rows before this key, newest first; all without one. */
  *newestFirst(before?: RowKey): Generator<Row> {
    let index = before === undefined ? this.#rows.length : this.#countBefore(before);
    while (index > 0) {
      index -= 1;
      yield this.#rows[index] as Row;
    }
  }

  #countBefore(key: RowKey): number {
    return countWhile(this.#rows, (row) => isBefore(row, key));
  }
}

/** Whether a row stands before another in the order. */
export function isBefore(left: RowKey, right: RowKey): boolean {
  return left.startedMs === right.startedMs ? left.id < right.id : left.startedMs < right.startedMs;
}

/** How many elements of a list come before the first that fails; the list is sorted by the condition. */
export function countWhile<Element>(list: readonly Element[], passes: (element: Element) => boolean): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (passes(list[middle] as Element)) low = middle + 1;
    else high = middle;
  }
  return low;
}
