/**
 * A promise that is settled from outside. Where nobody awaits it, a rejection is not reported as unhandled.
 */
export class Deferred<Result = void> {
  readonly promise: Promise<Result>;
  resolve!: (result: Result) => void;
  reject!: (error: unknown) => void;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.promise.catch(() => undefined);
  }
}
