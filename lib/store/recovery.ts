import { randomUUID } from 'node:crypto';
import { portOf } from '../attachment';
import { validationError } from '../record/error';
import { refuseUnknown } from '../record/options';
import type { Run } from '../run';
import type { Commit, RowKey, StaleQuery } from './backend';
import type { StoredRun } from './columns';
import { runOf } from './columns';
import type { Clock } from './clock';
import { nextTick } from './clock';
import type { Database } from './database';
import { readStart } from './filter';
import { readAll } from './read-all';
import type { Rewrite } from './rewrite';
import { rewriteOf } from './rewrite';
import { wasApplied } from './was-applied';

/** Which runs count as left behind. */
export interface RecoverOptions {
  /**
   * For how long, in milliseconds, a running run that was only saved, never tracked, may have given no
   * sign of life. Of a tracked run the lease alone decides. @default 30000
   */
  readonly staleAfterMs?: number | undefined;
  /** Whether nothing is to be changed. @default false */
  readonly dryRun?: boolean | undefined;
}

const STALE_AFTER_MS = 30_000;

/**
 * Checks the options of `recover`.
 *
 * @throws {RunError} `validation_error`
 */
export function readRecoverOptions(options: RecoverOptions): RecoveryQuery {
  refuseUnknown(options, ['staleAfterMs', 'dryRun'], 'recover options');
  const { staleAfterMs = STALE_AFTER_MS, dryRun = false } = options;
  if (typeof dryRun !== 'boolean') {
    throw validationError('recover options', [{ path: 'dryRun', message: 'must be true or false' }]);
  }
  return { unleasedQuietMs: readStart(staleAfterMs, 'staleAfterMs'), dryRun };
}

/** Which runs to look at, and what to do about them. */
export interface RecoveryQuery {
  readonly sessionId?: string | undefined;
  /** After how long without a write a running run without a lease counts; null for never. */
  readonly unleasedQuietMs: number | null;
  /** Whether nothing is to be changed. */
  readonly dryRun: boolean;
}

/** What recovery needs of its store. */
export interface RecoveryHost {
  readonly database: Database;
  readonly clock: Clock;
  /** The name of this process, as rows have it. */
  readonly owner: string;
  /** Whether this process holds the lease. Then the run is executed, however late the renewals are. */
  isOwn(stored: StoredRun): boolean;
  /** Is told of a row that cannot be read. */
  unreadable(error: unknown): void;
  /** Is told what was committed. */
  wrote(commit: Commit): void;
}

const PAGE = 100;

/**
 * Ends the runs that a dead process has left running, as failed with the code `orphaned`, and those that
 * have waited for an answer for too long, as timeout with the code `expired`. A run that gives a sign of
 * life in between is left alone.
 *
 * @returns the runs that were ended here; with `dryRun` those that would be, as they are.
 */
export async function endOrphans(query: RecoveryQuery, host: RecoveryHost): Promise<Run[]> {
  const ended: Run[] = [];
  let after: RowKey | undefined;
  for (;;) {
    const page = await readStale(query, after, host);
    const orphans = page.filter((stored) => !host.isOwn(stored));
    ended.push(...(query.dryRun ? readAll(orphans, runOf, host) : await endAll(orphans, host)));
    if (page.length < PAGE) return ended;
    const last = page.at(-1) as StoredRun;
    after = { startedMs: last.started_ms, id: last.id };
    await nextTick(host.clock);
  }
}

function readStale(
  { sessionId, unleasedQuietMs }: RecoveryQuery,
  after: RowKey | undefined,
  { database }: RecoveryHost,
): Promise<readonly StoredRun[]> {
  return database.patiently('look for orphans', (backend) => {
    const { reachableForMs } = database;
    const query: StaleQuery = { sessionId, unleasedQuietMs, reachableForMs, after, limit: PAGE };
    return backend.stale(query);
  });
}

async function endAll(orphans: readonly StoredRun[], host: RecoveryHost): Promise<Run[]> {
  const writer = randomUUID();
  const rewrites = readAll(orphans, (stored) => rewriteOrphan(stored, writer, host.owner), host);
  if (rewrites.length === 0) return [];
  const writes = rewrites.map(({ write }) => write);
  let attempts = 0;
  const outcomes = await host.database.patiently('write runs', (backend) => {
    attempts += 1;
    return backend.apply(writes);
  });
  const applied: Rewrite[] = [];
  for (const [index, rewrite] of rewrites.entries()) {
    const isApplied = outcomes[index] === 'applied';
    if (isApplied || (attempts > 1 && (await wasEnded(rewrite, host)))) applied.push(rewrite);
  }
  host.wrote({
    runIds: applied.map(({ write }) => write.id),
    sessionIds: applied.map(({ write }) => write.sessionId),
  });
  return applied.map(({ run }) => run);
}

/** Whether an attempt whose answer was lost has ended the run. */
async function wasEnded({ write }: Rewrite, { database }: RecoveryHost): Promise<boolean> {
  const stored = await database.patiently('read a run', (backend) => backend.read(write.id));
  return stored !== null && wasApplied(database, write, stored, { isRepeated: true, wasLeased: false });
}

/**
 * The orphan, ended, its lease taken over: the process that held it will find another owner there, and know
 * what happened.
 */
function rewriteOrphan(stored: StoredRun, writer: string, owner: string): Rewrite {
  if (stored.awaits !== null) return rewriteOf(stored, markExpired, { writer, lease: 'keep' });
  return rewriteOf(stored, markOrphaned, { writer, lease: { token: writer, owner, ms: 0 } });
}

function markOrphaned(run: Run): void {
  run.setError({ code: 'orphaned', message: `Run ${run.id} was left running by a process that is gone` });
}

function markExpired(run: Run): void {
  const error = { code: 'expired', message: `Run ${run.id} has waited for its answer for too long` };
  portOf(run).endRemotely({ status: 'timeout', error });
}
