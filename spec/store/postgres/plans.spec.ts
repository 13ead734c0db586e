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

/** A filter that an index serves, and one along which there are so many rows that it would be slow. */
const [session, parent, root] = [
  { sessionId: 'session-8' },
  { parentRunId: 'run_9' },
  { rootRunId: 'run_9' },
];
const frequent = { metadata: [{ name: 'plan', value: '"free"' }] };
const twoStatuses: Partial<RowQuery> = { statuses: ['completed', 'timeout'] };

/** What each call of a store asks, by what a user calls it, and the index along which it goes. */
const statements: Readonly<Record<string, [index: string, Statement]>> = {
  'get()': ['runs_pkey', readQuery(tables, 'run_7', ALL_COLUMNS)],
  'cancel()': ['runs_pkey', lockQuery(tables, 'run_7', ALL_COLUMNS)],
  'list()': ['runs_by_start', list({})],
  'list(), a later page': ['runs_by_start', list({ after })],
  'list({ sessionId })': ['runs_by_session', list({ sessionId: 'session-7' })],
  'list({ status })': ['runs_by_status', list({ statuses: ['timeout'] })],
  'list({ status: [] })': ['runs_by_status', list({ statuses: ['failed', 'timeout'], after })],
  'list({ status: [], sessionId })': ['runs_by_session', list({ ...twoStatuses, ...session })],
  'list({ status: [], parentRunId })': ['runs_by_parent', list({ ...twoStatuses, ...parent })],
  'list({ status: [], rootRunId })': ['runs_by_root', list({ ...twoStatuses, ...root })],
  'list({ status: [], metadata })': ['metadata_pkey', list({ ...twoStatuses, metadata: [plan] })],
  'list({ status: [], awaiting })': ['runs_awaiting', list({ ...twoStatuses, awaits: 'answer' })],
  'list({ provider })': ['runs_by_provider', list({ provider: 'rare' })],
  'list({ parentRunId })': ['runs_by_parent', list({ parentRunId: 'run_7' })],
  'list({ rootRunId })': ['runs_by_root', list({ rootRunId: 'run_7' })],
  'list({ rootsOnly })': ['runs_by_parent', list({ rootsOnly: true })],
  'list({ rootsOnly }), a later page': ['runs_by_parent', list({ rootsOnly: true, after })],
  'list({ rootsOnly, sessionId })': ['runs_by_session', list({ rootsOnly: true, ...session })],
  'list({ rootsOnly, rootRunId })': ['runs_by_root', list({ rootsOnly: true, ...root })],
  'list({ rootsOnly, status })': ['runs_by_status', list({ rootsOnly: true, statuses: ['timeout'] })],
  'list({ rootsOnly, provider })': ['runs_by_provider', list({ rootsOnly: true, provider: 'rare' })],
  'list({ rootsOnly, awaiting })': ['runs_awaiting', list({ rootsOnly: true, awaits: 'answer' })],
  'list({ metadata })': ['metadata_pkey', list({ metadata: [plan], after })],
  'list({ metadata }) of a frequent value': ['metadata_pkey', list({ ...frequent, after })],
  'list({ metadata }) of several': ['metadata_pkey', list({ metadata: [plan, { name: 'n', value: '1' }] })],
  'list({ sessionId, metadata })': ['runs_by_session', list({ ...session, ...frequent })],
  'list({ parentRunId, metadata })': ['runs_by_parent', list({ ...parent, ...frequent })],
  'list({ rootRunId, metadata })': ['runs_by_root', list({ ...root, ...frequent })],
  'list({ awaiting })': ['runs_awaiting', list({ awaits: 'answer' })],
  'list({ startedFrom, startedBefore })': ['runs_by_start', list({ fromMs: 100, toMs: 200 })],
  'getActive()': ['runs_active', list({ sessionId: 'session-7', active: true })],
  'delete()': ['runs_pkey', deleteQuery(tables, 'run_7', 'channel', 'source')],
  'events()': ['journal_pkey', journalQuery(tables, { runId: 'run_7', afterSeq: 0, limit: 1000 })],
  'watch({ sessionId })': [
    'journal_by_session',
    journalQuery(tables, { sessionId: 'session-7', afterPosition: 0, limit: 500 }),
  ],
  'watch()': ['journal_by_position', journalQuery(tables, { afterPosition: 7, limit: 500 })],
  'watch() without LISTEN': ['journal_by_position', headQuery(tables)],
  'summarize({ sessionId })': [
    'runs_by_session',
    scanQuery(tables, { sessionId: 'session-7', limit: 1000 }, ['turn_count', 'metadata']),
  ],
  'summarize(), a page of all': [
    'runs_by_start',
    scanQuery(tables, { limit: 1000 }, ['turn_count', 'token_usage']),
  ],
  'recover()': [
    'runs_running',
    staleQuery(tables, { unleasedQuietMs: 1000, limit: 100, after }, ALL_COLUMNS),
  ],
  'prune()': [
    'runs_ended',
    pruneQuery(tables, { endedBeforeMs: 1000, journalOnly: false, after: null, limit: 100 }),
  ],
  'prune({ journalOnly })': [
    'runs_with_journal',
    pruneQuery(tables, {
      endedBeforeMs: 1000,
      journalOnly: true,
      after: { endedAt: '1970-01-01 00:00:00+00', id: 'run_7' },
      limit: 100,
    }),
  ],
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

  const planOf = async ({ text, values }: Statement): Promise<string> => {
    const rows = await database.query(`EXPLAIN ${text}`, values);
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  };

  it.each(Object.entries(statements))(
    '%s follows its index, and reads no whole table',
    async (_, [index, statement]) => {
      const plan = await planOf(statement);
      expect(/Index (?:Only )?Scan (?:Backward )?(?:using|on) agent_run_(\w+)/.exec(plan)?.[1]).toBe(index);
      expect(plan).not.toMatch(/Seq Scan on/);
    },
  );

  it('a page of one status comes in the order of its index', async () => {
    expect(await planOf(list({ statuses: ['completed'] }))).not.toContain('Sort');
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
