import Database from 'libsql';
import { SqliteRunStore } from 'agent-run/store/sqlite';
import type { RowQuery } from '../../../lib/store/backend';
import { ALL_COLUMNS } from '../../../lib/store/columns';
import { SUMMARY_COLUMNS } from '../../../lib/store/summary';
import type { Query } from '../../../lib/store/sqlite/queries';
import { journalQuery, listQuery, staleQuery } from '../../../lib/store/sqlite/queries';
import { tablesOf } from '../../../lib/store/sqlite/tables';

const tables = tablesOf('agent_run_');
const after = { startedMs: 5, id: 'run_5' };
const limit = 50;

const LISTS: Readonly<Record<string, RowQuery>> = {
  'by session': { sessionId: 's', limit },
  'by status': { status: 'failed', limit },
  'by provider': { provider: 'openai', limit },
  'by session and status': { sessionId: 's', status: 'failed', limit, after },
  'by provider and time': { provider: 'openai', fromMs: 1, toMs: 2, limit },
  'by time': { fromMs: 1, toMs: 2, limit },
  'after a cursor': { after, limit },
  'the active ones of a session': { sessionId: 's', active: true, limit },
};

describe('the plans of SQLite', () => {
  let database: Database.Database;

  beforeAll(() => {
    database = new Database(':memory:');
    new SqliteRunStore({ database });
  });

  const planOf = ({ sql, values }: Query): string[] =>
    (database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all([...values]) as { detail: string }[]).map(
      ({ detail }) => detail,
    );

  it.each(Object.entries(LISTS))('list() %s searches an index, and sorts nothing', (_, query) => {
    for (const columns of [ALL_COLUMNS, SUMMARY_COLUMNS]) {
      const plan = planOf(listQuery(tables, query, columns));
      expect(plan).toEqual([expect.stringMatching(/^SEARCH agent_run_runs USING INDEX/)]);
    }
  });

  it('list() without a filter follows the index by time, as far as the page goes', () => {
    expect(planOf(listQuery(tables, { limit }, ALL_COLUMNS))).toEqual([
      'SCAN agent_run_runs USING INDEX agent_run_runs_by_start',
    ]);
  });

  it('recover() looks at active runs only', () => {
    const stale = { quietMs: 0, unleased: true, limit };
    expect(planOf(staleQuery(tables, stale, 1))).toEqual([
      'SCAN agent_run_runs USING INDEX agent_run_runs_active',
    ]);
    expect(planOf(staleQuery(tables, { ...stale, sessionId: 's' }, 1))).toEqual([
      'SEARCH agent_run_runs USING INDEX agent_run_runs_active (session_id=?)',
    ]);
  });

  it.each([
    ['of a run', { runId: 'run_1', afterSeq: 5, limit }, 10],
    ['of the store', { afterPosition: 5, limit }, 10],
    ['of a session, near its end', { sessionId: 's', afterPosition: 5, limit }, 10],
    ['of a session, from far back', { sessionId: 's', afterPosition: 5, limit }, 100_000],
  ])('the journal %s is searched', (_, query, head) => {
    const plan = planOf(journalQuery(tables, query, head));
    const reads = plan.filter((step) => /^(SCAN|SEARCH) [jres]\b/.test(step));
    expect(reads.length).toBeGreaterThan(0);
    expect(reads.filter((step) => !step.startsWith('SEARCH'))).toEqual([]);
  });
});
