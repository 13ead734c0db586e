/** A process of a simulated fleet: its clock, and its way to the database. */
import { RunError } from 'agent-run';
import type { RunStoreOptions } from 'agent-run/store';
import { RunStore } from 'agent-run/store';
import type { Commit, StoreBackend } from '../../../lib/store/backend';
import type { Clock } from '../../../lib/store/clock';
import type { World } from './world';

class SimulatedStore extends RunStore {}

/** What the network does to a call, each with its chance. */
export interface Weather {
  readonly lostRequest: number;
  readonly lostAnswer: number;
  /** An answer that comes after the deadline of the call, which then happens all the same. */
  readonly late: number;
  /** A batch that the database refuses for good, as one does that may not be written for a while. */
  readonly refused: number;
}

export const CALM: Weather = { lostRequest: 0, lostAnswer: 0, late: 0, refused: 0 };

/** What all machines share. */
export interface Cluster {
  readonly world: World;
  readonly backend: StoreBackend;
  readonly machines: Machine[];
  weather: Weather;
  /** Whether the database answers anybody. */
  isAway: boolean;
}

export class Machine {
  readonly name: string;
  readonly store: RunStore;
  readonly bornAt: number;
  readonly #cluster: Cluster;
  readonly #skewMs: number;
  readonly #callTimeoutMs: number;
  #isAlive = true;
  #frozenUntil = 0;
  #longestFreezeMs = 0;
  /** When the network did something to a call of it. */
  readonly #mishaps: number[] = [];
  #onCommit: ((commit: Commit | null) => void) | null = null;

  constructor(name: string, cluster: Cluster, options: RunStoreOptions & { readonly callTimeoutMs: number }) {
    this.name = name;
    this.bornAt = cluster.world.now;
    this.#cluster = cluster;
    this.#callTimeoutMs = options.callTimeoutMs;
    this.#skewMs = cluster.world.between(-3_000, 3_000);
    this.store = new SimulatedStore(this.#backend(), { ...options, workerName: name }, this.clock);
    cluster.machines.push(this);
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** The longest time, in milliseconds, for which it stood still. */
  get longestFreezeMs(): number {
    return this.#longestFreezeMs;
  }

  /** How many of its calls the network did something to in the last so many milliseconds. */
  mishapsInLast(ms: number): number {
    return this.#mishaps.filter((moment) => moment >= this.#cluster.world.now - ms).length;
  }

  /** From here on nothing of it happens any more; what it has sent arrives. */
  kill(): void {
    this.#isAlive = false;
  }

  /** Stands still for a while, as a stopped process does; what was due then happens afterwards. */
  freeze(ms: number): void {
    this.#frozenUntil = Math.max(this.#frozenUntil, this.#cluster.world.now + ms);
    this.#longestFreezeMs = Math.max(this.#longestFreezeMs, ms);
  }

  /** Hears of a commit of any machine, later or never. */
  hear(commit: Commit): void {
    const { world, weather } = this.#cluster;
    if (world.chance(weather.lostRequest)) return;
    this.#do(world.between(1, 20), () => this.#onCommit?.(world.chance(0.1) ? null : commit));
  }

  readonly clock: Clock = {
    now: () => this.#cluster.world.now,
    epochMs: () => Date.now(),
    after: (ms, callback) => {
      let isOff = false;
      this.#do(ms, () => {
        if (!isOff) callback();
      });
      return () => {
        isOff = true;
      };
    },
    every: (ms, callback) => {
      let isOff = false;
      const again = (): void => {
        if (isOff) return;
        callback();
        this.#do(ms, again);
      };
      this.#do(ms, again);
      return () => {
        isOff = true;
      };
    },
    tick: (callback) => this.#do(0, callback),
    random: () => this.#cluster.world.random(),
  };

  /** Does something here after a while, if it still can. */
  #do(ms: number, action: () => void): void {
    const { world } = this.#cluster;
    world.at(
      ms,
      () => {
        if (!this.#isAlive) return;
        const frozenMs = this.#frozenUntil - world.now;
        if (frozenMs > 0) this.#do(frozenMs, action);
        else action();
      },
      this.#skewMs,
    );
  }

  #backend(): StoreBackend {
    const { backend } = this.#cluster;
    const remote = (name: keyof StoreBackend): never =>
      ((...given: readonly unknown[]) =>
        this.#call(name, () =>
          (backend[name] as (...args: readonly unknown[]) => Promise<unknown>)(...given),
        )) as never;
    return {
      apply: remote('apply'),
      update: remote('update'),
      read: remote('read'),
      list: remote('list'),
      scan: remote('scan'),
      stale: remote('stale'),
      journal: remote('journal'),
      head: remote('head'),
      delete: remote('delete'),
      prune: remote('prune'),
      close: () => Promise.resolve(),
      subscribe: (onCommit) => {
        this.#onCommit = onCommit;
        return () => {
          this.#onCommit = null;
        };
      },
    };
  }

  /** A call over the network: it may be lost, its answer may be, and it may happen too late to be heard. */
  #call(name: keyof StoreBackend, happen: () => Promise<unknown>): Promise<unknown> {
    const { world } = this.#cluster;
    const fate = this.#fate();
    return new Promise((resolve, reject) => {
      const answer = (settle: () => void): void => this.#do(world.between(1, 15), settle);
      const refuse = (): void => answer(() => reject(awayError()));
      if (fate === 'lost request') {
        this.#mishaps.push(world.now);
        if (world.chance(0.5)) refuse();
        return;
      }
      const delayMs = fate === 'late' ? this.#callTimeoutMs + world.between(1, 500) : world.between(1, 15);
      if (fate !== 'well') this.#mishaps.push(world.now);
      world.at(delayMs, () => {
        // A transaction of several steps ends with its client.
        if (name === 'update' && !this.#isAlive) return;
        if (this.#cluster.isAway) {
          refuse();
          return;
        }
        if (name === 'apply' && world.chance(this.#cluster.weather.refused)) {
          this.#mishaps.push(world.now);
          answer(() => reject(new RunError('storage_error', 'The database is read-only')));
          return;
        }
        happen().then(
          (result) => {
            if (fate === 'lost answer') refuse();
            else answer(() => resolve(result));
          },
          (error: unknown) => answer(() => reject(asError(error))),
        );
      });
    });
  }

  #fate(): 'well' | 'lost request' | 'lost answer' | 'late' {
    const { world, weather } = this.#cluster;
    const drawn = world.random();
    if (drawn < weather.lostRequest) return 'lost request';
    if (drawn < weather.lostRequest + weather.lostAnswer) return 'lost answer';
    return drawn < weather.lostRequest + weather.lostAnswer + weather.late ? 'late' : 'well';
  }
}

function awayError(): RunError {
  return new RunError('storage_error', 'The store could not be reached', { retryable: true });
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
