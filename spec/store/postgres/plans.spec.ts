import { Run } from 'agent-run';
import { Client } from 'pg';
import type { RunWrite } from '../../../lib/store/backend';
import { ALL_COLUMNS, columnsOf, RECORD_COLUMNS } from '../../../lib/store/columns';
import { applyCall } from '../../../lib/store/postgres/apply-call';
import { readNaming } from '../../../lib/store/postgres/names';
import type { Statement } from '../../../lib/store/postgres/queries';
import {
  deleteQuery,
  journalQuery,
  lastPositionQuery,
  listQuery,
  readQuery,
  staleQuery,
} from '../../../lib/store/postgres/queries';
import { PostgresRunStore } from '../../../lib/store/postgres/postgres-run-store';
import { SUMMARY_COLUMNS } from '../../../lib/store/summary';
import type { TestDatabase } from '../../support/postgres';
import { createDatabase } from '../../support/postgres';

const RUNS = 20_000;
const naming = readNaming({});
const { tables } = naming;

const change: RunWrite = {
  id: 'run_7',
  sessionId: 'session-7',
  revision: 1,
  nextRevision: 2,
  writer: 'writer',
  columns: { turn_count: 2 },
  entries: [{ seq: 2, type: 'turnIncremented', data: '{}', at: 0 }],
  lease: { owner: 'owner', ms: 1000 },
  exclusive: true,
};

/** An update, an insert and one that is refused: every statement of the function has something to do. */
const writes: readonly RunWrite[] = [
  change,
  { ...change, id: 'run_8', sessionId: 'session-8', revision: 9 },
  {
    ...change,
    id: 'run_new',
    sessionId: 'session-new',
    revision: 0,
    columns: columnsOf(new Run({ id: 'run_new', sessionId: 'session-new' }), RECORD_COLUMNS),
  },
];

/** So often that PostgreSQL has settled on plans that it keeps. */
const CALLS = 8;

/** The plans of all that the function does, as PostgreSQL logs them. */
async function plansOfApply(url: string): Promise<string[]> {
  const plans: string[] = [];
  const client = new Client({ connectionString: url });
  client.on('notice', ({ message = '' }) => plans.push(message));
  await client.connect();
  try {
    await client.query("LOAD 'auto_explain'; SET client_min_messages = log");
    await client.query('SET auto_explain.log_min_duration = 0; SET auto_explain.log_nested_statements = on');
    const { text, values } = applyCall(tables, writes, naming.channel, 'source');
    for (let call = 0; call < CALLS; call++) {
      await client.query('BEGIN');
      const { rows } = await client.query(text, values);
      expect(rows).toEqual([{ outcomes: ['applied', 'stale', 'applied'] }]);
      await client.query('ROLLBACK');
    }
  } finally {
    await client.end();
  }
  return plans;
}

/** What each call of a store asks, by what a user calls it. */
const statements: Readonly<Record<string, Statement>> = {
  'get()': readQuery(tables, 'run_7', ALL_COLUMNS),
  'list()': listQuery(tables, { limit: 51 }, ALL_COLUMNS),
  'list(), a later page': listQuery(
    tables,
    { after: { startedMs: 7_000, id: 'run_7' }, limit: 51 },
    ALL_COLUMNS,
  ),
  'list({ sessionId })': listQuery(tables, { sessionId: 'session-7', limit: 51 }, ALL_COLUMNS),
  'list({ status })': listQuery(tables, { status: 'timeout', limit: 51 }, ALL_COLUMNS),
  'list({ provider })': listQuery(tables, { provider: 'rare', limit: 51 }, ALL_COLUMNS),
  'list({ startedAfter, startedBefore })': listQuery(
    tables,
    { fromMs: 100, toMs: 200, limit: 51 },
    ALL_COLUMNS,
  ),
  'getActive()': listQuery(tables, { sessionId: 'session-7', active: true, limit: 1 }, ALL_COLUMNS),
  'delete()': deleteQuery(tables, 'run_7'),
  'events()': journalQuery(tables, { runId: 'run_7', afterSeq: 0, limit: 1000 }),
  'watch({ sessionId })': journalQuery(tables, { sessionId: 'session-7', afterPosition: 0, limit: 500 }),
  'watch()': journalQuery(tables, { afterPosition: 7, limit: 500 }),
  'watch() without LISTEN': lastPositionQuery(tables),
  'summarize()': listQuery(tables, { sessionId: 'session-7', limit: 1000 }, SUMMARY_COLUMNS),
  'summarize(), a page of all': listQuery(tables, { limit: 1000 }, SUMMARY_COLUMNS),
  'recover()': staleQuery(tables, { quietMs: 1000, unleased: true, limit: 100 }, ALL_COLUMNS),
};

describe('the statements of PostgresRunStore', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createDatabase();
    const store = new PostgresRunStore({ connectionString: database.url });
    await store.get('run_none');
    await store.close();
    await database.query(`INSERT INTO ${tables.runs}
      (id, session_id, status, active, provider, started_ms, started_at, turn_count, token_usage, metadata,
       provider_metadata, revision, seq, writer, touched_ms)
      SELECT 'run_' || n, 'session-' || n % 1000, CASE n % 1000 WHEN 0 THEN 'timeout' ELSE 'completed' END,
        CASE n % 500 WHEN 0 THEN 1 ELSE 0 END, CASE n % 1000 WHEN 1 THEN 'rare' ELSE 'openai' END,
        n, '', 0, '{}', '{}', '{}', 1, 1, 'writer', 0
      FROM generate_series(1, ${RUNS}) AS n`);
    await database.query(`INSERT INTO ${tables.journal} (run_id, seq, session_id, position, type, data, at)
      SELECT 'run_' || n, 1, 'session-' || n % 1000, nextval('${tables.positions}'), 'statusChanged', '{}', 0
      FROM generate_series(1, ${RUNS}) AS n`);
    await database.query('VACUUM ANALYZE');
  });

  afterAll(async () => {
    await database.drop();
  });

  it.each(Object.entries(statements))('%s reads no whole table', async (_, { text, values }) => {
    const rows = await database.query(`EXPLAIN ${text}`, values);
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).toMatch(/Index (Only )?Scan/);
    expect(plan).not.toMatch(/Seq Scan on/);
  });

  it('track(), save() and cancel() read no whole table, whatever the batch', async () => {
    const plans = await plansOfApply(database.url);
    const touching = plans.filter((plan) => /agent_run_(runs|journal)/.test(plan));
    expect(touching.some((plan) => plan.includes('Update on agent_run_runs'))).toBe(true);
    expect(touching.some((plan) => plan.includes('Insert on agent_run_runs'))).toBe(true);
    expect(touching.some((plan) => plan.includes('Insert on agent_run_journal'))).toBe(true);
    expect(touching.some((plan) => plan.includes('Index Scan using agent_run_runs_pkey'))).toBe(true);
    for (const plan of touching) expect(plan).not.toMatch(/Seq Scan on|Disabled: true/);
  });
});
