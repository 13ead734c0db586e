import { RunError } from '../record/error';
import type { AnyRun } from '../run';
import type { RunStore } from '../store/store';
import type { Retention } from './options';
import { Sweep } from './sweep';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** What sweeps tell of. */
export interface SweepListener {
  recovered(run: AnyRun): void;
  failed(error: RunError): void;
}

/** The regular work on a store: ends what dead processes have left, and removes what is old enough. */
export class StoreSweeps {
  readonly #store: RunStore;
  readonly #listener: SweepListener;
  readonly #sweeps: readonly Sweep[];

  constructor(
    store: RunStore,
    { recoverEveryMs, retention }: { recoverEveryMs: number; retention: Retention | undefined },
    listener: SweepListener,
  ) {
    this.#store = store;
    this.#listener = listener;
    const recovery = recoverEveryMs === 0 ? [] : [new Sweep(recoverEveryMs, () => this.#recover()).start(0)];
    const removal =
      retention === undefined
        ? []
        : [new Sweep(HOUR_MS, (signal) => this.#prune(retention, signal)).start(Math.random() * MINUTE_MS)];
    this.#sweeps = [...recovery, ...removal];
  }

  /** Settles when no sweep is at work any more. */
  async stop(): Promise<void> {
    await Promise.all(this.#sweeps.map((sweep) => sweep.stop()));
  }

  async #recover(): Promise<void> {
    await this.#attempt(async () => {
      for (const run of await this.#store.recover()) this.#listener.recovered(run);
    });
  }

  async #prune({ keepMs, journalMs }: Retention, signal: AbortSignal): Promise<void> {
    await this.#attempt(() => this.#store.prune({ endedBefore: before(keepMs), signal }));
    if (journalMs === undefined || journalMs >= keepMs || signal.aborted) return;
    await this.#attempt(() =>
      this.#store.prune({ endedBefore: before(journalMs), journalOnly: true, signal }),
    );
  }

  async #attempt(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#listener.failed(asRunError(error));
    }
  }
}

/** So long ago; before 1970 nothing has ended. */
function before(ms: number): Date {
  return new Date(Math.max(0, Date.now() - ms));
}

function asRunError(error: unknown): RunError {
  if (error instanceof RunError) return error;
  return new RunError('storage_error', 'A sweep of the store failed', { cause: error, retryable: true });
}
