import { announce, isHeard } from '../record/emitter';
import type { AnyRun } from '../run';
import type { TrackOptions } from '../store/options';
import type { RunRecorder } from '../store/recorder';
import type { RunStore } from '../store/store';
import { setMeterOptions } from '../usage/run-options';
import { Drain } from './drain';
import type { StoreErrorEvent } from './events';
import { LiveRuns } from './live-runs';
import type { RunKeeper } from './managed-run';
import { ManagedRun } from './managed-run';
import type { DrainSettings, RunManagerOptions } from './options';
import { isRefusal } from './refusals';

const settled = Promise.resolve();

/** How a run is given to a store. */
type Tracking = (store: RunStore, run: AnyRun, options: TrackOptions) => RunRecorder;

const track: Tracking = (store, run, options) => store.track(run, options);

/** The runs of a manager: recorded, observed and metered, and kept in memory until their ends are stored. */
export class ManagedRuns implements RunKeeper {
  readonly live = new LiveRuns();
  readonly #manager: object;
  readonly #options: RunManagerOptions;
  readonly #track: TrackOptions;
  readonly #drain = new Drain(this.live);
  /** The runs that have ended, until that is stored. */
  readonly #ending = new Map<string, ManagedRun>();

  /** @param manager - Whose listeners hear of the runs. */
  constructor(manager: object, options: RunManagerOptions) {
    this.#manager = manager;
    this.#options = options;
    const { track: given } = options;
    this.#track = {
      ...given,
      onError: (event) => {
        given?.onError?.(event);
        this.storeFailed(event);
      },
    };
  }

  /** The run of this process that has the id. */
  known(id: string): ManagedRun | undefined {
    return this.live.get(id) ?? this.#ending.get(id);
  }

  /** @param tracking - How the run is given to the store, where that has not happened yet. */
  manage(run: AnyRun, tracking: Tracking = track): ManagedRun {
    const known = ManagedRun.find(run, this);
    if (known !== undefined) return known;
    const { store, meter } = this.#options;
    const managed = new ManagedRun(run, this);
    if (meter !== undefined) setMeterOptions(run, meter);
    if (store !== undefined && !run.isTerminal) managed.recordedBy(tracking(store, run, this.#track));
    return managed;
  }

  /** Manages a run that waits to be executed, and tells of it. */
  add(run: AnyRun): void {
    const managed = this.manage(run);
    this.live.waits(managed);
    managed.isUnannounced = true;
    this.counted(managed);
  }

  /** Gives runs the time to end, cancels the rest, and settles once everything is stored. */
  async drain(settings: DrainSettings): Promise<void> {
    await this.#drain.within(settings);
    const left = new Set([...this.live, ...this.#ending.values()]);
    await Promise.all([...left].map((managed) => managed.stored()));
  }

  /** Tells of what the store could not do; where nobody listens, what is given up becomes a warning. */
  storeFailed(event: StoreErrorEvent): void {
    if (this.hears('storeError')) announce(this.#manager, 'storeError', event);
    else if (!event.willRetry && !isRefusal(event.error)) process.emitWarning(event.error);
  }

  hears(event: string): boolean {
    return isHeard(this.#manager, event);
  }

  tell(...[name, event]: Parameters<RunKeeper['tell']>): void {
    announce(this.#manager, name, event);
  }

  started(managed: ManagedRun): void {
    this.live.started(managed);
  }

  entered(managed: ManagedRun): void {
    this.live.started(managed);
    this.#drain.entered(managed);
  }

  left(managed: ManagedRun): void {
    this.#drain.left(managed);
  }

  parked(managed: ManagedRun): void {
    // Another process may go on with it: from here on the stored run is the one that counts.
    if (this.#options.store === undefined) this.live.waits(managed);
    else this.live.remove(managed.id);
    this.#drain.changed();
  }

  ended(managed: ManagedRun): void {
    this.live.remove(managed.id);
    this.#drain.changed();
    if (this.#options.store === undefined) return;
    this.#ending.set(managed.id, managed);
    // The recorder is told of the end after the manager.
    void settled.then(() => managed.stored()).then(() => this.#ending.delete(managed.id));
  }

  childCreated(child: AnyRun): void {
    this.add(child);
  }

  /** Has the run observed, now that it is certain to be the manager's, and emits `runCreated`. */
  counted(managed: ManagedRun): void {
    const { run } = managed;
    this.#options.telemetry?.observe(run);
    if (!managed.isUnannounced) return;
    managed.isUnannounced = false;
    if (!this.hears('runCreated')) return;
    announce(this.#manager, 'runCreated', { run, at: run.startedAt.getTime() });
  }
}
