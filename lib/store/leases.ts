/** Who holds a lease. */
export interface LeaseHolder {
  /** Has the lease renewed. */
  renew(): void;
}

interface Round {
  readonly holders: Set<LeaseHolder>;
  readonly timer: NodeJS.Timeout;
}

/** Calls for a renewal of every lease at a third of its time. One timer for all of a length; it keeps no process alive. */
export class LeaseKeeper {
  readonly #rounds = new Map<number, Round>();

  keep(holder: LeaseHolder, leaseMs: number): void {
    const round = this.#rounds.get(leaseMs);
    if (round === undefined) this.#rounds.set(leaseMs, startRound(holder, leaseMs));
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

  #stop(leaseMs: number, { timer }: Round): void {
    clearInterval(timer);
    this.#rounds.delete(leaseMs);
  }
}

function startRound(first: LeaseHolder, leaseMs: number): Round {
  const holders = new Set([first]);
  const renewAll = (): void => {
    for (const holder of holders) holder.renew();
  };
  const timer = setInterval(renewAll, Math.max(1, leaseMs / 3));
  timer.unref();
  return { holders, timer };
}
