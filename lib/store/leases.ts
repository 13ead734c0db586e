import type { Clock } from './clock';

/** Who holds a lease. */
export interface LeaseHolder {
  /** Renews the lease. */
  renew(): void;
}

interface Round {
  readonly holders: Set<LeaseHolder>;
  readonly stop: () => void;
}

/**
 * Has every lease renewed at a third of its length. Leases of one length share a timer, which does not keep
 * the process alive.
 */
export class LeaseKeeper {
  readonly #clock: Clock;
  readonly #rounds = new Map<number, Round>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The shortest lease that is held, in milliseconds; Infinity for none. */
  get shortestMs(): number {
    return Math.min(...this.#rounds.keys());
  }

  keep(holder: LeaseHolder, leaseMs: number): void {
    const round = this.#rounds.get(leaseMs);
    if (round === undefined) this.#rounds.set(leaseMs, this.#start(holder, leaseMs));
    else round.holders.add(holder);
  }

  release(holder: LeaseHolder, leaseMs: number): void {
    const round = this.#rounds.get(leaseMs);
    round?.holders.delete(holder);
    if (round?.holders.size === 0) this.#stop(leaseMs, round);
  }

  close(): void {
    for (const [leaseMs, round] of this.#rounds) this.#stop(leaseMs, round);
  }

  #start(first: LeaseHolder, leaseMs: number): Round {
    const holders = new Set([first]);
    const renewAll = (): void => {
      for (const holder of holders) holder.renew();
    };
    return { holders, stop: this.#clock.every(Math.max(1, leaseMs / 3), renewAll) };
  }

  #stop(leaseMs: number, { stop }: Round): void {
    stop();
    this.#rounds.delete(leaseMs);
  }
}
