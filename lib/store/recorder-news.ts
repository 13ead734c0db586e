import type { RunError } from '../record/error';
import type { AnyRun } from '../run';
import type { TrackSettings } from './options';
import { tellSafely } from './tell';

/** Reports the errors of a run's recorder. */
export class RecorderNews {
  readonly #run: AnyRun;
  readonly #onError: TrackSettings['onError'];

  constructor(run: AnyRun, { onError }: TrackSettings) {
    this.#run = run;
    this.#onError = onError;
  }

  /** An attempt has failed, and there will be another. */
  delayed(error: RunError): void {
    this.#tell(error, true);
  }

  /**
   * Something will never be stored.
   *
   * @param isAwaited - Whether a promise that somebody awaits rejects with the error.
   */
  refused(error: RunError, isAwaited: boolean): void {
    if (this.#onError !== undefined) this.#tell(error, false);
    else if (!isAwaited) process.emitWarning(error);
  }

  #tell(error: RunError, willRetry: boolean): void {
    tellSafely(this.#onError, { run: this.#run, error, willRetry });
  }
}
