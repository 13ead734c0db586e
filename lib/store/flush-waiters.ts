interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Who waits for changes to be stored: for those on their way, or for those that go out next. */
export class FlushWaiters {
  #next: Waiter[] = [];
  #sent: Waiter[] = [];

  get isEmpty(): boolean {
    return this.#next.length === 0 && this.#sent.length === 0;
  }

  /** @param onTheirWay - Whether what is being written now is all there is to wait for. */
  add(onTheirWay: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      (onTheirWay ? this.#sent : this.#next).push({ resolve, reject });
    });
  }

  /** Everything so far is on its way. */
  send(): void {
    this.#sent.push(...this.#next.splice(0));
  }

  /** What was on its way is stored. */
  sent(): void {
    for (const { resolve } of this.#sent.splice(0)) resolve();
  }

  resolveAll(): void {
    this.send();
    this.sent();
  }

  rejectAll(error: Error): void {
    this.send();
    for (const { reject } of this.#sent.splice(0)) reject(error);
  }
}
