import type { ValidationIssue } from '../record/error';
import { validationError } from '../record/error';
import { findUnknown } from '../record/options';
import type { Commit, PruneKey, PruneQuery, Pruned } from './backend';
import type { Clock } from './clock';
import { sleep } from './clock';
import type { Database } from './database';
import { checkSignal } from './watch-options';

/** What is to be removed. */
export interface PruneOptions {
  /** Runs that ended before this moment. */
  readonly endedBefore: Date;
  /** Whether only their journals are removed, whole, and the runs stay. @default false */
  readonly journalOnly?: boolean | undefined;
  /** Ends it; what is removed by then stays so. */
  readonly signal?: AbortSignal | undefined;
  /** Is told after each batch how many runs were removed by it. */
  readonly onProgress?: ((removed: number) => void) | undefined;
}

/** {@link PruneOptions}, checked. */
export interface PruneSettings {
  readonly endedBeforeMs: number;
  readonly journalOnly: boolean;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((removed: number) => void) | undefined;
}

/** What pruning needs of its store. */
export interface PruneHost {
  readonly database: Database;
  readonly clock: Clock;
  wrote(commit: Commit): void;
}

const BATCH = 100;

/**
 * Checks the options of `prune`.
 *
 * @throws {RunError} `validation_error`
 */
export function readPruneOptions(options: PruneOptions): PruneSettings {
  const issues: ValidationIssue[] = [];
  findUnknown(options, ['endedBefore', 'journalOnly', 'signal', 'onProgress'], issues);
  if (issues.length > 0) throw validationError('prune options', issues);
  const { endedBefore, journalOnly = false, signal, onProgress } = options;
  if (!(endedBefore instanceof Date) || Number.isNaN(endedBefore.getTime())) {
    issues.push({ path: 'endedBefore', message: 'must be a valid Date' });
  }
  if (typeof journalOnly !== 'boolean') {
    issues.push({ path: 'journalOnly', message: 'must be true or false' });
  }
  if (!['function', 'undefined'].includes(typeof onProgress)) {
    issues.push({ path: 'onProgress', message: 'must be a function' });
  }
  checkSignal(signal, issues);
  if (issues.length > 0) throw validationError('prune options', issues);
  return { endedBeforeMs: endedBefore.getTime(), journalOnly, signal, onProgress };
}

/** Removes ended runs, or their journals, in small batches with pauses. Gives the number of runs. */
export async function prune(settings: PruneSettings, host: PruneHost): Promise<number> {
  let removed = 0;
  for (;;) {
    const inPass = await prunePass(settings, host);
    removed += inPass;
    // A run goes after its children: the next pass finds those that have none any more.
    if (inPass === 0 || settings.journalOnly) return removed;
  }
}

async function prunePass({ signal, onProgress, ...what }: PruneSettings, host: PruneHost): Promise<number> {
  const { database, clock } = host;
  let removed = 0;
  let after: PruneKey | null = null;
  do {
    const startedAt = clock.now();
    const query: PruneQuery = { ...what, after, limit: BATCH };
    const pruned: Pruned = await database.patiently('remove runs', (backend) => backend.prune(query), signal);
    removed += pruned.runIds.length;
    after = pruned.next;
    host.wrote(pruned);
    if (pruned.runIds.length > 0) onProgress?.(pruned.runIds.length);
    // A pause as long as the batch took leaves the database to others.
    if (after !== null) await sleep(clock, Math.max(1, clock.now() - startedAt));
  } while (after !== null);
  return removed;
}
