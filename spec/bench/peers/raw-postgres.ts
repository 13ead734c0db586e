/** The rows of the store written by hand: columns that are texts already, one `unnest` for each table. */
import { Pool } from 'pg';
import { postgresStore } from '../built';
import type { Subject } from '../subject';
import type { Writing } from '../subjects/postgres';
import { FLEET, LEASE_MS } from '../subjects/postgres';
import { INPUT, METADATA, USAGE } from '../work';

const WRITER = '0196f2b4-5a4c-7d1e-8f3a-2b6c9d0e1f22';
const STARTED_AT = '2026-11-23T02:57:06.123Z';

const INPUT_TEXT = JSON.stringify(INPUT);
const METADATA_TEXT = JSON.stringify(METADATA);
const LATER_USAGE = Object.fromEntries(
  Object.entries(USAGE).map(([counter, count]) => [counter, 30 * (count as number)]),
);
const USAGE_TEXT = JSON.stringify(LATER_USAGE);
const MOVE_TEXT = JSON.stringify({ from: 'pending', to: 'running' });
const TURN_TEXT = JSON.stringify({ turnCount: 31 });
const SPENT_TEXT = JSON.stringify({ delta: USAGE, tokenUsage: LATER_USAGE, costUsd: null });

const LOG = `INSERT INTO agent_run_journal (run_id, seq, session_id, type, data, at, position)
SELECT *, nextval('agent_run_positions') FROM
  unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::json[], $6::double precision[])`;

const UPDATE = `WITH logged AS (${LOG})
UPDATE agent_run_runs AS r SET turn_count = w.turn_count, cost_usd = w.cost_usd, token_usage = w.token_usage,
  revision = w.revision, seq = w.seq, touched_ms = $13, lease_expires_ms = $14
FROM unnest($7::text[], $8::bigint[], $9::double precision[], $10::json[], $11::bigint[], $12::bigint[])
  AS w(id, turn_count, cost_usd, token_usage, revision, seq)
WHERE r.id = w.id`;

const INSERT = `WITH logged AS (${LOG})
INSERT INTO agent_run_runs (id, session_id, status, active, provider, started_ms, started_at, ended_at,
  turn_count, cost_usd, token_usage, input, output, error, metadata, provider_metadata, extra, revision, seq,
  writer, touched_ms, lease_owner, lease_expires_ms)
SELECT *, 1, 1, $24, $25::bigint, $24, $26::bigint FROM unnest($7::text[], $8::text[], $9::text[],
  $10::smallint[], $11::text[], $12::bigint[], $13::text[], $14::text[], $15::bigint[],
  $16::double precision[], $17::json[], $18::json[], $19::json[], $20::json[], $21::json[], $22::json[], $23::json[])`;

/** What a subject sends: a statement, and how to get the values of its next batch ready. */
interface Statement {
  readonly text: string;
  readonly nextValues: () => unknown[];
}

/** What the store writes for a batch of changed runs. */
export async function changes(writing: Writing): Promise<Subject> {
  const pool = await fill(writing);
  let place = 0;
  let revision = 1;
  const nextValues = (): unknown[] => {
    const values = valuesOfUpdate(place, writing.runs, revision);
    place = (place + writing.runs) % FLEET;
    if (place === 0) revision += 1;
    return values;
  };
  return subjectOf(pool, { text: UPDATE, nextValues });
}

/** What the store writes for a batch of new runs. */
export async function newRuns(writing: Writing): Promise<Subject> {
  const pool = await fill(writing);
  let count = FLEET;
  return subjectOf(pool, {
    text: INSERT,
    nextValues: () => valuesOfInsert((count += writing.runs), writing.runs),
  });
}

/** Only what the database takes part in is timed: the values are ready. */
function subjectOf(pool: Pool, { text, nextValues }: Statement): Subject {
  return {
    async slice(iterations) {
      let took = 0;
      for (let index = 0; index < iterations; index++) {
        const values = nextValues();
        const start = performance.now();
        await pool.query(text, values);
        took += performance.now() - start;
      }
      return Math.max(1, 1e6 * took);
    },
    close: () => pool.end(),
  };
}

/** The tables are made by the store. */
async function fill({ url, runs }: Writing): Promise<Pool> {
  const pool = new Pool({ connectionString: url });
  const store = new (postgresStore().PostgresRunStore)({ pool });
  await store.get('none');
  await store.close();
  for (let first = 0; first < FLEET; first += runs) await pool.query(INSERT, valuesOfInsert(first, runs));
  await pool.query('VACUUM ANALYZE');
  return pool;
}

function valuesOfUpdate(first: number, count: number, revision: number): unknown[] {
  const places = Array.from({ length: count }, (_, index) => first + index);
  const of = (value: unknown): unknown[] => places.map(() => value);
  const now = Date.now();
  const seq = 2 * revision;
  return [
    places.flatMap((place) => [idOf(place), idOf(place)]),
    places.flatMap(() => [seq, seq + 1]),
    places.flatMap((place) => [sessionOf(place), sessionOf(place)]),
    places.flatMap(() => ['turnIncremented', 'usageUpdated']),
    places.flatMap(() => [TURN_TEXT, SPENT_TEXT]),
    places.flatMap(() => [now, now]),
    places.map(idOf),
    of(revision),
    of(null),
    of(USAGE_TEXT),
    of(revision + 1),
    of(seq + 1),
    now,
    now + LEASE_MS,
  ];
}

function valuesOfInsert(first: number, count: number): unknown[] {
  const places = Array.from({ length: count }, (_, index) => first + index);
  const of = (value: unknown): unknown[] => places.map(() => value);
  const [ids, sessions, now] = [places.map(idOf), places.map(sessionOf), Date.now()];
  const journal = [ids, of(1), sessions, of('statusChanged'), of(MOVE_TEXT), of(now)];
  const state = [of('running'), of(1), of('openai'), of(now), of(STARTED_AT), of(null), of(0), of(null)];
  const payloads = [of('{}'), of(INPUT_TEXT), of(null), of(null), of(METADATA_TEXT), of('{}'), of(null)];
  return [...journal, ids, sessions, ...state, ...payloads, WRITER, now, now + LEASE_MS];
}

function idOf(place: number): string {
  return `run_0196f2b45a4c7d1e8f3a${place.toString(16).padStart(12, '0')}`;
}

function sessionOf(place: number): string {
  return `session-${place}`;
}
