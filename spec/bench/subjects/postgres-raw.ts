/** The same rows written by hand: columns that are JSON texts already, one `unnest` for each table. */
import { Pool } from 'pg';
import type { Subject } from '../subject';
import { INPUT, METADATA, OUTPUT, USAGE } from '../work';
import type { Batches } from './postgres';
import { FLEET, nanosecondsOf, openStore, RUNS_A_SESSION } from './postgres';

const RUNS = '"agent_run_runs"';
const JOURNAL = '"agent_run_journal"';
const POSITIONS = '"agent_run_positions"';

const LEASE_MS = 3_600_000;
const WRITER = '0196f2b4-5a4c-7d1e-8f3a-2b6c9d0e1f22';
const STARTED_AT = '2026-11-23T02:57:06.123Z';

const INPUT_TEXT = JSON.stringify(INPUT);
const METADATA_TEXT = JSON.stringify({ ...METADATA, previous: OUTPUT });
const USAGE_TEXT = JSON.stringify(USAGE);
const LATER_USAGE_TEXT = JSON.stringify(
  Object.fromEntries(Object.entries(USAGE).map(([counter, count]) => [counter, 30 * (count as number)])),
);
const MOVE_TEXT = JSON.stringify({ from: 'pending', to: 'running' });
const TURN_TEXT = JSON.stringify({ turnCount: 31 });
const UPDATE_TEXT = JSON.stringify({
  delta: USAGE,
  tokenUsage: JSON.parse(LATER_USAGE_TEXT) as object,
  costUsd: null,
});

const LOGGED = `INSERT INTO ${JOURNAL} (position, run_id, seq, session_id, type, data, at)
SELECT nextval('${POSITIONS}'), * FROM
  unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::json[], $6::double precision[])`;

const UPDATE = `WITH logged AS (${LOGGED})
UPDATE ${RUNS} AS r SET turn_count = w.turn_count, cost_usd = w.cost_usd, token_usage = w.token_usage,
  revision = w.revision, seq = w.seq, touched_ms = $12, lease_expires_ms = $13
FROM unnest($7::text[], $8::bigint[], $9::double precision[], $10::json[], $11::bigint[], $14::bigint[])
  AS w(id, turn_count, cost_usd, token_usage, revision, seq)
WHERE r.id = w.id`;

const INSERT = `WITH logged AS (${LOGGED})
INSERT INTO ${RUNS} (id, session_id, status, active, provider, started_ms, started_at, ended_at, turn_count,
  cost_usd, token_usage, input, output, error, metadata, provider_metadata, extra, revision, seq, writer,
  touched_ms, lease_owner, lease_expires_ms)
SELECT *, 1, 3, $24, $25::bigint, $24, $26::bigint FROM unnest($7::text[], $8::text[], $9::text[], $10::smallint[], $11::text[],
  $12::bigint[], $13::text[], $14::text[], $15::bigint[], $16::double precision[], $17::json[], $18::json[],
  $19::json[], $20::json[], $21::json[], $22::json[], $23::json[])`;

/** What the recorder's `changes` write. */
export async function changes({ url, batch }: Batches): Promise<Subject> {
  const pool = await prepare(url);
  const ids = Array.from({ length: FLEET }, (_, index) => idOf(index));
  for (let start = 0; start < FLEET; start += batch)
    await pool.query(INSERT, insertValues(ids.slice(start, start + batch), start));
  await pool.query('VACUUM ANALYZE');
  let next = 0;
  let revision = 1;
  return {
    async slice(iterations) {
      let took = 0;
      for (let index = 0; index < iterations; index++) {
        const values = updateValues(ids.slice(next, next + batch), next, revision);
        next = (next + batch) % FLEET;
        if (next === 0) revision += 1;
        const start = performance.now();
        await pool.query(UPDATE, values);
        took += performance.now() - start;
      }
      return nanosecondsOf(took);
    },
    close: () => pool.end(),
  };
}

/** What the recorder's `newRuns` write. */
export async function newRuns({ url, batch }: Batches): Promise<Subject> {
  const pool = await prepare(url);
  let count = 0;
  const insert = async (): Promise<number> => {
    const values = insertValues(
      Array.from({ length: batch }, (_, index) => idOf(count + index)),
      count,
    );
    count += batch;
    const start = performance.now();
    await pool.query(INSERT, values);
    return performance.now() - start;
  };
  while (count < FLEET) await insert();
  await pool.query('VACUUM ANALYZE');
  return {
    async slice(iterations) {
      let took = 0;
      for (let index = 0; index < iterations; index++) took += await insert();
      return nanosecondsOf(took);
    },
    close: () => pool.end(),
  };
}

/** Has the store make its tables. */
async function prepare(url: string): Promise<Pool> {
  const pool = new Pool({ connectionString: url, idleTimeoutMillis: 0 });
  const store = openStore(pool);
  await store.get('none');
  await store.close();
  return pool;
}

function idOf(index: number): string {
  return `run_0196f2b45a4c7d1e8f3a${index.toString(16).padStart(12, '0')}`;
}

function sessionOf(index: number): string {
  return `session-${Math.floor(index / RUNS_A_SESSION)}`;
}

function updateValues(ids: readonly string[], first: number, revision: number): unknown[] {
  const now = Date.now();
  const entries = [TURN_TEXT, UPDATE_TEXT];
  return [
    ids.flatMap((id) => [id, id]),
    ids.flatMap(() => [2 * revision + 2, 2 * revision + 3]),
    ids.flatMap((_, index) => [sessionOf(first + index), sessionOf(first + index)]),
    ids.flatMap(() => ['turnIncremented', 'usageUpdated']),
    ids.flatMap(() => entries),
    ids.flatMap(() => [now, now]),
    ids,
    ids.map(() => revision + 1),
    ids.map(() => null),
    ids.map(() => LATER_USAGE_TEXT),
    ids.map(() => revision + 1),
    now,
    now + LEASE_MS,
    ids.map(() => 2 * revision + 3),
  ];
}

function insertValues(ids: readonly string[], first: number): unknown[] {
  const now = Date.now();
  const of = (value: unknown): unknown[] => ids.map(() => value);
  return [
    ids.flatMap((id) => [id, id, id]),
    ids.flatMap(() => [1, 2, 3]),
    ids.flatMap((_, index) =>
      of(0)
        .slice(0, 3)
        .map(() => sessionOf(first + index)),
    ),
    ids.flatMap(() => ['statusChanged', 'turnIncremented', 'usageUpdated']),
    ids.flatMap(() => [MOVE_TEXT, TURN_TEXT, UPDATE_TEXT]),
    ids.flatMap(() => [now, now, now]),
    ids,
    ids.map((_, index) => sessionOf(first + index)),
    of('running'),
    of(1),
    of('openai'),
    of(now),
    of(STARTED_AT),
    of(null),
    of(1),
    of(null),
    of(USAGE_TEXT),
    of(INPUT_TEXT),
    of(null),
    of(null),
    of(METADATA_TEXT),
    of('{}'),
    of(null),
    WRITER,
    now,
    now + LEASE_MS,
  ];
}
