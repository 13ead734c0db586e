/** PostgreSQL databases that hold many runs. */
import { postgresStore } from '../built';
import { execute } from '../postgres-server';
import type { Subject } from '../subject';
import { repeatedOnTheClock } from '../subject';
import type { Archive, ArchiveReading } from './archive';
import { LAYOUT, readingIn, samples } from './archive';

/** Where the database is. */
interface Place {
  readonly url: string;
}

/** Reads in a database that {@link fill} has made. */
export async function reading({ url, ...archive }: ArchiveReading & Place): Promise<Subject> {
  const store = new (postgresStore().PostgresRunStore)({ connectionString: url });
  return { ...repeatedOnTheClock(await readingIn(store, archive)), close: () => store.close() };
}

/** Has the store write two samples, and copies them in SQL. */
export async function fill({ url, runs }: Archive & Place): Promise<void> {
  const store = new (postgresStore().PostgresRunStore)({ connectionString: url });
  const written = Object.values(samples());
  for (const run of written) await store.track(run).stop();
  await execute(url, 'CREATE TABLE sample AS SELECT * FROM agent_run_runs');
  for (const { id } of written) await store.delete(id);
  await store.close();
  const columns = await columnsOf(url, 'sample');
  await execute(url, copyRuns(runs, columns), copyJournals(runs), 'DROP TABLE sample', 'VACUUM ANALYZE');
}

const SECONDS = `(${LAYOUT.startedMs} + i * ${LAYOUT.apartMs}) / 1000.0`;

/** The columns of a copy that are not those of its sample. */
const OWN: Readonly<Record<string, string>> = {
  id: idOf('i'),
  session_id: sessionOf('i'),
  started_ms: `${LAYOUT.startedMs} + i * ${LAYOUT.apartMs}`,
  started_at: `to_timestamp(${SECONDS})`,
  root_run_id: idOf('i'),
  seq: '2',
};

async function columnsOf(url: string, table: string): Promise<readonly string[]> {
  const sql = `SELECT column_name AS name FROM information_schema.columns WHERE table_name = '${table}'`;
  return ((await execute(url, sql)) as { name: string }[]).map(({ name }) => name);
}

function copyRuns(runs: number, columns: readonly string[]): string {
  return `INSERT INTO agent_run_runs (${columns.join()})
SELECT ${columns.map((name) => OWN[name] ?? `s.${name}`).join()} FROM generate_series(0::bigint, ${runs - 1}) AS i
JOIN sample AS s ON s.active = (i % ${LAYOUT.runsOfActive} = ${LAYOUT.runsOfActive - 1})::integer`;
}

function copyJournals(runs: number): string {
  return `INSERT INTO agent_run_journal (run_id, seq, session_id, position, type, data, at)
SELECT ${idOf('i / 2')}, i % 2 + 1, ${sessionOf('i / 2')}, nextval('agent_run_positions'), 'turnIncremented',
  '{"turnCount":1}', ${LAYOUT.startedMs} FROM generate_series(0::bigint, ${2 * runs - 1}) AS i`;
}

function idOf(index: string): string {
  return `'run_' || lpad(to_hex(${index}), 32, '0')`;
}

function sessionOf(index: string): string {
  return `'session-' || (${index}) / ${LAYOUT.runsOfSession}`;
}
