// Declarations name Symbol.asyncDispose, which a project of its own settings need not know.
/// <reference lib="esnext.disposable" preserve="true" />
import type { AnyRun } from '../run';
import type { RunRecording } from './run-recording';

type Make = (recording: RunRecording) => RunRecorder;
type Find = (recorder: RunRecorder) => RunRecording;

let make: Make;
let find: Find;

/**
 * Keeps every change of one run in a store. `store.track(run)` makes it.
 *
 * ```text
 * recording ── stop(), and all is stored ────────► stopped
 *     ├─ lease lost, conflict, buffer full, … ───► failed: flush() and stop() reject with the reason
 *     └─ the store is closed ────────────────────► closed: they reject where something was not stored
 * ```
 * Changes of one tick are written together, in the background. Where another process has ended the
 * run, this one's run ends the same way, and its usage so far is added to what is stored. A run whose
 * recorder records no more executes as one that is not tracked.
 */
export class RunRecorder {
  static {
    make = (recording) => new RunRecorder(recording);
    find = (recorder) => recorder.#recording;
  }

  readonly #recording: RunRecording;

  private constructor(recording: RunRecording) {
    this.#recording = recording;
  }

  /** The run that is recorded. */
  get run(): AnyRun {
    return this.#recording.run;
  }

  /** How many entries are not stored yet. */
  get buffered(): number {
    return this.#recording.buffered;
  }

  /**
   * Settles when everything that has happened to the run so far is stored, and survives the end of
   * this process. While the run queues for its session, that is when it is let in.
   *
   * @throws {RunError} `conflict` when the run was ended elsewhere before its end here was stored;
   * `lease_lost` when another process took it over; `session_busy` when its session did not admit it;
   * `run_not_found` when it was deleted; `already_exists`; `storage_error`, `retryable` where the
   * changes are kept and go on being tried; `invalid_operation` when the store was closed before.
   */
  flush(): Promise<void> {
    return this.#recording.flush();
  }

  /**
   * Stores what is left, gives the lease up, and stops listening. A run that queues for its session
   * does not wait for it any longer. Where the database stays away, the changes go on being tried.
   *
   * @throws {RunError} as {@link flush}
   */
  stop(): Promise<void> {
    return this.#recording.stop();
  }

  /** As {@link stop}: `await using recorder = store.track(run)`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/** The recorder that users get. */
export function recorderOf(recording: RunRecording): RunRecorder {
  return make(recording);
}

/** What stands behind a recorder. */
export function recordingOf(recorder: RunRecorder): RunRecording {
  return find(recorder);
}
