import type { RowKey } from '../backend';

/** Keys of rows in the order of pages: by start, then by id, the newest last. */
export class RowOrder {
  readonly #keys: RowKey[] = [];

  get isEmpty(): boolean {
    return this.#keys.length === 0;
  }

  add(key: RowKey): void {
    this.#keys.splice(this.#countBefore(key), 0, key);
  }

  remove(key: RowKey): void {
    this.#keys.splice(this.#countBefore(key), 1);
  }

  /** The ids of the keys before this one, newest first; of all without one. */
  *newestFirst(before?: RowKey): Generator<string> {
    let index = before === undefined ? this.#keys.length : this.#countBefore(before);
    while (index > 0) {
      index -= 1;
      yield (this.#keys[index] as RowKey).id;
    }
  }

  #countBefore(key: RowKey): number {
    return countWhile(this.#keys, (other) => isBefore(other, key));
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
