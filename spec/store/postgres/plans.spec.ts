import { Run } from 'agent-run';
import { Client } from 'pg';
import type { RowQuery, RunWrite } from '../../../lib/store/backend';
import { ALL_COLUMNS, columnsOf, RECORD_COLUMNS } from '../../../lib/store/columns';
import { applyCall } from '../../../lib/store/postgres/apply';
import { namingOf } from '../../../lib/store/postgres/names';
import type { Statement } from '../../../lib/store/postgres/queries';
import {
  deleteQuery,
  headQuery,
  journalQuery,
  listQuery,
  lockQuery,
  pruneQuery,
  readQuery,
  scanQuery,
  staleQuery,
} from '../../../lib/store/postgres/queries';
import { PostgresRunStore } from '../../../lib/store/postgres/postgres-run-store';
import type { TestDatabase } from '../../support/postgres';
import { createDatabase } from '../../support/postgres';

const RUNS = 20_000;
const naming = namingOf({});
const { tables } = naming;

const change: RunWrite = {
  id: 'run_7',
  sessionId: 'session-7',
  revision: 1,
  nextRevision: 2,
  writer: 'writer',
  columns: { turn_count: 2 },
  entries: [{ seq: 2, type: 'turnIncremented', data: '{}', at: 0 }],
  lease: { owner: 'owner', token: 'token', ms: 1000 },
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

const after = { startedMs: 7_000, id: 'run_7' };
const limit = 51;
const plan = { name: 'plan', value: '"rare"' };
const list = (filter: Partial<RowQuery>): Statement => listQuery(tables, { ...filter, limit }, ALL_COLUMNS);

/** What each call of a store asks, by what a user calls it. */
const statements: Readonly<Record<string, Statement>> = {
  'get()': readQuery(tables, 'run_7', ALL_COLUMNS),
  'cancel()': lockQuery(tables, 'run_7', ALL_COLUMNS),
  'list()': list({}),
  'list(), a later page': list({ after }),
  'list({ sessionId })': list({ sessionId: 'session-7' }),
  'list({ status })': list({ statuses: ['timeout'] }),
  'list({ status: [] })': list({ statuses: ['failed', 'timeout'], after }),
  'list({ provider })': list({ provider: 'rare' }),
  'list({ parentRunId })': list({ parentRunId: 'run_7' }),
  'list({ rootRunId })': list({ rootRunId: 'run_7' }),
  'list({ rootsOnly })': list({ rootsOnly: true, after }),
  'list({ metadata })': list({ metadata: [plan], after }),
  'list({ metadata }) of a frequent value': list({ metadata: [{ name: 'plan', value: '"free"' }], after }),
  'list({ metadata }) of several': list({ metadata: [plan, { name: 'n', value: '1' }] }),
  'list({ sessionId, metadata })': list({ sessionId: 'session-7', metadata: [plan] }),
  'list({ awaiting })': list({ awaits: 'answer' }),
  'list({ startedFrom, startedBefore })': list({ fromMs: 100, toMs: 200 }),
  'getActive()': list({ sessionId: 'session-7', active: true }),
  'delete()': deleteQuery(tables, 'run_7', 'channel', 'source'),
  'events()': journalQuery(tables, { runId: 'run_7', afterSeq: 0, limit: 1000 }),
  'watch({ sessionId })': journalQuery(tables, { sessionId: 'session-7', afterPosition: 0, limit: 500 }),
  'watch()': journalQuery(tables, { afterPosition: 7, limit: 500 }),
  'watch() without LISTEN': headQuery(tables),
  'summarize({ sessionId })': scanQuery(tables, { sessionId: 'session-7', limit: 1000 }, [
    'turn_count',
    'metadata',
  ]),
  'summarize(), a page of all': scanQuery(tables, { limit: 1000 }, ['turn_count', 'token_usage']),
  'recover()': staleQuery(tables, { unleasedQuietMs: 1000, limit: 100, after }, ALL_COLUMNS),
  'prune()': pruneQuery(tables, { endedBeforeMs: 1000, journalOnly: false, after: null, limit: 100 }),
  'prune({ journalOnly })': pruneQuery(tables, {
    endedBeforeMs: 1000,
    journalOnly: true,
    after: { endedAt: '1970-01-01 00:00:00+00', id: 'run_7' },
    limit: 100,
  }),
};

describe('the statements of PostgresRunStore', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createDatabase();
    const store = new PostgresRunStore({ connectionString: database.url });
    await store.get('run_none');
    await store.close();
    await database.query(`INSERT INTO ${tables.runs}
      (id, session_id, parent_run_id, root_run_id, status, running, active, awaits, provider, started_ms, started_at,
       ended_at, turn_count, step_count, token_usage, metadata, provider_metadata, revision, seq, has_journal, writer, touched_at)
      SELECT 'run_' || n, 'session-' || n % 1000, CASE n % 3 WHEN 0 THEN NULL ELSE 'run_' || n - n % 3 END,
        'run_' || n - n % 3, CASE n % 1000 WHEN 0 THEN 'timeout' ELSE 'completed' END,
        CASE n % 500 WHEN 0 THEN 1 ELSE 0 END, CASE n % 500 WHEN 0 THEN 1 ELSE 0 END,
        CASE n % 1000 WHEN 2 THEN 'answer' END, CASE n % 1000 WHEN 1 THEN 'rare' ELSE 'openai' END,
        n, to_timestamp(n / 1000.0), CASE n % 500 WHEN 0 THEN NULL ELSE to_timestamp(n) END,
        0, 0, '{}', '{}', '{}', 1, 1, 1, 'writer', now()
      FROM generate_series(1, ${RUNS}) AS n`);
    await database.query(`INSERT INTO ${tables.journal} (run_id, seq, session_id, position, type, data, at)
      SELECT 'run_' || n, 1, 'session-' || n % 1000, nextval('${tables.positions}'), 'statusChanged', '{}', 0
      FROM generate_series(1, ${RUNS}) AS n`);
    await database.query(`INSERT INTO ${tables.metadata} (name, value, started_ms, run_id)
      SELECT 'plan', CASE n % 1000 WHEN 7 THEN '"rare"' ELSE '"free"' END, n, 'run_' || n
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
