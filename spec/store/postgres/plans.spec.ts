import type { RunWrite } from '../../../lib/store/backend';
import { ALL_COLUMNS } from '../../../lib/store/columns';
import { applyParameters, applyStatement } from '../../../lib/store/postgres/apply-statement';
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

const renewal: RunWrite = {
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

/** What each call of a store asks, by what a user calls it. */
const statements: Readonly<Record<string, Statement>> = {
  'get()': readQuery(tables, 'run_7', ALL_COLUMNS),
  'track(), save(), cancel()': {
    text: applyStatement(naming),
    values: applyParameters([renewal], naming.channel, 'source'),
  },
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
});
