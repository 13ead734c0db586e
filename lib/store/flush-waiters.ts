import { Deferred } from './deferred';

/**
 * The callers of `flush`. Some wait for the changes that are being written, the others for those that go
 * out next; all who wait for the same share one promise.
 */
export class FlushWaiters {
  #next: Deferred | null = null;
  #sent: Deferred[] = [];

  get isEmpty(): boolean {
    return this.#next === null && this.#sent.length === 0;
  }

  /** @param onTheirWay - Whether what is being written now is all there is to wait for. */
  add(onTheirWay: boolean): Promise<void> {
    if (!onTheirWay) return (this.#next ??= new Deferred()).promise;
    const [first = new Deferred()] = this.#sent;
    if (this.#sent.length === 0) this.#sent.push(first);
    return first.promise;
  }

  /** Everything so far is on its way. */
  send(): void {
    if (this.#next !== null) this.#sent.push(this.#next);
    this.#next = null;
  }

  /** What was on its way is stored. */
  sent(): void {
    const sent = this.#sent;
    this.#sent = [];
    for (const waiter of sent) waiter.resolve();
  }

  resolveAll(): void {
    this.send();
    this.sent();
  }

  rejectAll(error: Error): void {
    this.send();
    const sent = this.#sent;
    this.#sent = [];
    for (const waiter of sent) waiter.reject(error);
  }
}
