/** What a simulation knows beside the database: what was acknowledged, and who waits for what. */
import type { AnyRun, RunStatus } from 'agent-run';
import { RunError } from 'agent-run';
import type { RunRecorder } from 'agent-run/store';
import type { Machine } from './machine';

/** A run that a machine executes. */
export interface Executed {
  readonly run: AnyRun;
  /** Another one, where the first has failed. */
  recorder: RunRecorder;
  readonly machine: Machine;
}

/** What somebody was told is stored. */
export interface Acknowledged {
  turns: number;
  tokens: number;
  /** How the run ended; null where nobody was told. */
  end: RunStatus | null;
}

export class Ledger {
  /** By run, the machine that has executed it last. */
  readonly executed = new Map<string, Executed>();
  readonly acknowledged = new Map<string, Acknowledged>();
  readonly deleted = new Set<string>();
  /** Runs whose recorder has said that the store holds something else. */
  readonly refused = new Set<string>();
  /** Runs that were recorded again after their recorder had failed: their journal has a gap. */
  readonly recordedAgain = new Set<string>();
  /** Runs that somebody ended as left behind, or has resumed. */
  readonly takenOver = new Set<string>();
  /** How often a function was called for a message, by the run's id. */
  readonly called = new Map<string, number>();
  /** Positions that a reader of the whole store has seen, by machine. */
  readonly seen = new Map<Machine, number[]>();
  /** What was seen to be wrong while it happened. */
  readonly faults: string[] = [];
  readonly #unsettled = new Map<Promise<unknown>, { readonly machine: Machine; readonly what: string }>();

  /** Remembers a promise until it settles. */
  expect<Result>(machine: Machine, what: string, promise: Promise<Result>): Promise<Result> {
    this.#unsettled.set(promise, { machine, what });
    const settled = (): void => void this.#unsettled.delete(promise);
    promise.then(settled, settled);
    return promise;
  }

  /** What still waits on machines that live. */
  waiting(): string[] {
    return [...this.#unsettled.values()]
      .filter(({ machine }) => machine.isAlive)
      .map(({ machine, what }) => `${what} on ${machine.name} does not settle`);
  }

  acknowledge(id: string, told: Acknowledged): void {
    const known = this.acknowledged.get(id) ?? { turns: 0, tokens: 0, end: null };
    if (known.end !== null && told.end !== null && known.end !== told.end) {
      this.faults.push(`${id} was acknowledged as ${known.end} and as ${told.end}`);
    }
    this.acknowledged.set(id, {
      turns: Math.max(known.turns, told.turns),
      tokens: Math.max(known.tokens, told.tokens),
      end: known.end ?? told.end,
    });
  }

  /** Asks whether everything so far is stored, and takes the recorder at its word. */
  async flush({ run, recorder, machine }: Executed): Promise<void> {
    const told = {
      turns: run.turnCount,
      tokens: tokensOf(run),
      end: run.isTerminal ? run.status : null,
    };
    try {
      await this.expect(machine, `flush of ${run.id}`, recorder.flush());
      this.acknowledge(run.id, told);
    } catch (error) {
      if (!(error instanceof RunError) || !error.retryable) this.refused.add(run.id);
      const isOwnLease = error instanceof RunError && error.code === 'lease_lost';
      if (isOwnLease && this.recordedAgain.has(run.id) && !this.takenOver.has(run.id)) {
        this.faults.push(`${run.id} lost its lease to itself`);
      }
    }
  }

  /** A message has come to its function. */
  call(id: string): void {
    const calls = (this.called.get(id) ?? 0) + 1;
    this.called.set(id, calls);
    if (calls > 1 && !this.deleted.has(id)) {
      this.faults.push(`the function of ${id} was called ${calls} times`);
    }
  }
}

export function tokensOf(run: AnyRun): number {
  return run.tokenUsage.input_tokens ?? 0;
}
