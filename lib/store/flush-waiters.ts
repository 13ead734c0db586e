import { Deferred } from './deferred';

/**
 * The callers of `flush`. Some wait for the changes that are being written, the others for those that go
 * out next; all who wait for the same share one promise.
 */
export class FlushWaiters {
  #next: Deferred | null = null;
  readonly #sent = new Set<Deferred>();

  get isEmpty(): boolean {
    return this.#next === null && this.#sent.size === 0;
  }

  /** @param onTheirWay - Whether what is being written now is all there is to wait for. */
  add(onTheirWay: boolean): Promise<void> {
    if (!onTheirWay) return (this.#next ??= new Deferred()).promise;
    const [first = new Deferred()] = this.#sent;
    this.#sent.add(first);
    return first.promise;
  }

  /** Everything so far is on its way. */
  send(): void {
    if (this.#next !== null) this.#sent.add(this.#next);
    this.#next = null;
  }

  /** What was on its way is stored. */
  sent(): void {
    for (const waiter of this.#sent) waiter.resolve();
    this.#sent.clear();
  }

  resolveAll(): void {
    this.send();
    this.sent();
  }

  rejectAll(error: Error): void {
    this.send();
    for (const waiter of this.#sent) waiter.reject(error);
    this.#sent.clear();
  }
}
