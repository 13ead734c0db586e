/** SQLite files that hold many runs. */
import type { SqliteHandle } from 'agent-run/store/sqlite';
import { sqliteStore } from '../built';
import type { Subject } from '../subject';
import { repeatedAsync } from '../subject';
import type { Archive, ArchiveReading } from './archive';
import { LAYOUT, readingIn, samples } from './archive';
import { libsql } from './sqlite';

/** Where the file stands. */
interface Path {
  readonly path: string;
}

/** Reads in a file that {@link fill} has made. */
export async function reading({ path, ...archive }: ArchiveReading & Path): Promise<Subject> {
  const store = new (sqliteStore().SqliteRunStore)({ path, driver: 'libsql' });
  return { ...repeatedAsync(await readingIn(store, archive)), close: () => store.close() };
}

/** Has the store write two samples, and copies them in SQL. */
export async function fill({ path, runs }: Archive & Path): Promise<void> {
  const store = new (sqliteStore().SqliteRunStore)({ path, driver: 'libsql' });
  const written = Object.values(samples());
  for (const run of written) await store.track(run).stop();
  const handle = libsql(path);
  handle.exec(`CREATE TEMP TABLE sample AS SELECT * FROM agent_run_runs; PRAGMA synchronous = off`);
  for (const { id } of written) await store.delete(id);
  handle.exec(
    `BEGIN; ${copyRuns(handle, runs)}; ${copyJournals(runs)}; COMMIT; PRAGMA wal_checkpoint(TRUNCATE)`,
  );
  handle.close();
  await store.close();
}

const BEFORE = 1_000;

/** The columns of a copy that are not those of its sample. */
const OWN: Readonly<Record<string, string>> = {
  key: 'i + 1',
  id: `printf('run_%032x', i)`,
  session_id: `'session-' || (i / ${LAYOUT.runsOfSession})`,
  started_ms: `${LAYOUT.startedMs} + i * ${LAYOUT.apartMs}`,
  started_at: `strftime('%Y-%m-%dT%H:%M:%S.000Z', ${LAYOUT.startedMs / 1000} + i * ${LAYOUT.apartMs / 1000}, 'unixepoch')`,
  seq: '2',
  root_run_id: `printf('run_%032x', i)`,
};

function copyRuns(handle: SqliteHandle, runs: number): string {
  const columns = handle.prepare(`SELECT name FROM pragma_table_info('agent_run_runs')`).all();
  const names = (columns as { name: string }[]).map(({ name }) => name);
  return (
    `INSERT INTO agent_run_runs (${names.join()}) ${numbersBelow(runs)} ` +
    `SELECT ${names.map((name) => OWN[name] ?? `s.${name}`).join()} FROM numbers CROSS JOIN sample s ` +
    `ON s.active = (i % ${LAYOUT.runsOfActive} = ${LAYOUT.runsOfActive - 1})`
  );
}

function copyJournals(runs: number): string {
  return (
    `INSERT INTO agent_run_journal (position, run, seq, type, data, at) ${numbersBelow(2 * runs)} ` +
    `SELECT ${BEFORE} + i + 1, i / 2 + 1, i % 2 + 1, 'turnIncremented', ` +
    `'{"turnCount":1}', ${LAYOUT.startedMs} FROM numbers`
  );
}

function numbersBelow(count: number): string {
  return `WITH RECURSIVE numbers (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM numbers WHERE i < ${count - 1})`;
}
