/** Where a run's row is, and the position of its last journal entry; 0 for none. */
export interface RowPlace {
  readonly key: number;
  readonly lastPosition: number;
}

const MOST = 20_000;

/**
 * The places of rows that were written lately, by id. They are hints: another process may have written
 * since, or a transaction come to nothing, so whoever uses one has the statement check it.
 */
export class RowPlaces {
  readonly #places = new Map<string, RowPlace>();

  get(id: string): RowPlace | undefined {
    return this.#places.get(id);
  }

  set(id: string, place: RowPlace): void {
    if (this.#places.size >= MOST) this.#places.clear();
    this.#places.set(id, place);
  }
}
