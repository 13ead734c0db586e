import type { AnyRun } from '../run';
import type { StoredEntry } from './backend';
import type { Clock } from './clock';
import type { StoredRun } from './columns';
import type { Database } from './database';
import type { LeaseKeeper } from './leases';
import type { NewsReader } from './news';
import type { TrackSettings } from './options';
import type { RunRecorder } from './recorder';
import { recorderOf } from './recorder';
import { RecordingIndex } from './recording-index';
import type { SessionControl } from './admission';
import type { RecordingHost } from './run-recording';
import { RunRecording } from './run-recording';
import type { Version } from './version';
import { newVersion } from './version';
import type { WriteQueue } from './write-queue';

/** What a tracker needs of its store. */
export interface TrackerHost {
  readonly database: Database;
  readonly clock: Clock;
  readonly queue: WriteQueue;
  readonly leases: LeaseKeeper;
  readonly session: SessionControl;
  readonly owner: string;
  /** Called when there are runs of which others' writes matter. */
  readonly expectNews: () => void;
}

interface Tracked {
  readonly recording: RunRecording;
  readonly recorder: RunRecorder;
}

/** Every run that a store records, and the stored version of each run that it has given out. */
export class Tracker implements NewsReader {
  readonly #host: RecordingHost;
  readonly #versions = new WeakMap<AnyRun, Version>();
  readonly #tracked = new WeakMap<AnyRun, Tracked>();
  /**
   * The recordings that may still have something to write: without those of runs that have ended and are
   * stored.
   */
  readonly #busy = new RecordingIndex();
  #isClosing = false;
  #isClosed = false;

  constructor({ expectNews, ...host }: TrackerHost) {
    this.#host = {
      ...host,
      changed: (recording) => {
        if (this.#isClosed) recording.close();
        else this.#busy.add(recording);
        expectNews();
      },
      waits: (recording) => {
        if (this.#isClosing) recording.close();
      },
      settled: (recording) => this.#busy.remove(recording),
      released: (recording) => {
        this.#busy.remove(recording);
        this.#tracked.delete(recording.run);
      },
      childCreated: (child, settings) => {
        if (settings.children) this.track(child, { ...settings, asksFirst: false });
      },
    };
  }

  get isInterested(): boolean {
    return !this.#busy.isEmpty;
  }

  /** Records the run, if it is not recorded already. */
  track(run: AnyRun, settings: TrackSettings): RunRecorder {
    const known = this.#tracked.get(run);
    if (known !== undefined) return known.recorder;
    const recording = new RunRecording(run, this.#host, settings, this.versionOf(run));
    const recorder = recorderOf(recording);
    this.#tracked.set(run, { recording, recorder });
    return recorder;
  }

  /** What records the run; undefined for nothing. */
  recordingOf(run: AnyRun): RunRecording | undefined {
    return this.#tracked.get(run)?.recording;
  }

  versionOf(run: AnyRun): Version {
    const known = this.#versions.get(run);
    if (known !== undefined) return known;
    const version = newVersion();
    this.#versions.set(run, version);
    return version;
  }

  /** Remembers the stored version of a run. */
  remember(run: AnyRun, version: Version): void {
    this.#versions.set(run, version);
  }

  /** Whether a recorder of this store holds the lease. */
  holdsLease({ id, lease_token: token }: StoredRun): boolean {
    return this.#busy.of(id).some((recording) => recording.version.leaseToken === token);
  }

  written(runIds: readonly string[]): void {
    for (const id of new Set(runIds)) for (const recording of this.#busy.of(id)) recording.check();
  }

  appended(entries: readonly StoredEntry[]): void {
    for (const { run_id: id, seq } of entries) {
      for (const recording of this.#busy.of(id)) if (seq > recording.version.seq) recording.check();
    }
  }

  /**
   * Stores everything but runs that wait for their session, which will not be admitted any more. Gives the
   * errors of what could not be stored.
   */
  async flush(): Promise<readonly unknown[]> {
    this.#isClosing = true;
    const all = this.#busy.all();
    for (const recording of all) if (recording.isWaiting) recording.close();
    const errors: unknown[] = [];
    const note = (error: unknown): unknown => errors.push(error);
    await Promise.all(all.map((recording) => recording.flush().catch(note)));
    return errors;
  }

  close(): void {
    this.#isClosed = true;
    for (const recording of this.#busy.all()) recording.close();
  }
}
