import Database from 'libsql';
import { SqliteRunStore } from 'agent-run/store/sqlite';
import type { RowFilter, RowQuery } from '../../../lib/store/backend';
import type { Query } from '../../../lib/store/sqlite/queries';
import {
  boundaryQuery,
  journalQuery,
  planOf,
  pruneQuery,
  runJournalQuery,
  scanQuery,
  scanTextQuery,
  sessionJournalQuery,
  staleQuery,
} from '../../../lib/store/sqlite/queries';
import { readNaming } from '../../../lib/store/sqlite/names';

const names = readNaming({});
const after = { startedMs: 5, id: 'run_5' };
const limit = 50;
const plan = { name: 'plan', value: '"pro"' };

const LISTS: Readonly<Record<string, RowQuery>> = {
  'by session': { sessionId: 's', limit },
  'by status': { statuses: ['failed'], limit },
  'by several statuses': { statuses: ['failed', 'timeout'], limit, after },
  'by provider': { provider: 'openai', limit },
  'by parent': { parentRunId: 'run_1', limit },
  'by root': { rootRunId: 'run_1', limit },
  'of roots': { rootsOnly: true, limit, after },
  'by metadata': { metadata: [plan], limit, after },
  'by two members of metadata': { metadata: [plan, { name: 'n', value: '1' }], limit },
  'of what waits': { awaits: 'answer', limit },
  'by session and status': { sessionId: 's', statuses: ['failed'], limit, after },
  'by a rare provider and status': { provider: 'none', statuses: ['completed'], isProviderRare: true, limit },
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

  const stepsOf = ({ sql, values }: Query): string[] =>
    (database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all([...values]) as { detail: string }[]).map(
      ({ detail }) => detail,
    );

  const candidates = (query: RowQuery): Query => planOf(names, query).candidates(query);

  it.each(Object.entries(LISTS))('list() %s searches an index, and sorts nothing', (_, query) => {
    const steps = stepsOf(candidates(query));
    expect(steps.filter((step) => step.startsWith('SEARCH')).length).toBeGreaterThan(0);
    expect(steps.filter((step) => /SCAN|TEMP B-TREE/.test(step))).toEqual([]);
  });

  it('list() without a filter follows the index by time, as far as the page goes', () => {
    expect(stepsOf(candidates({ limit }))).toEqual(['SCAN r USING COVERING INDEX agent_run_runs_by_start']);
  });

  it('a filter of one kind looks at no row that it does not give', () => {
    const filters: RowFilter[] = Object.values(LISTS).filter((query) => planOf(names, query).isExact);
    expect(filters).toHaveLength(13);
  });

  it('summarize() reads the rows of a stretch of the index', () => {
    const range = { sessionId: 's', after, last: { startedMs: 1, id: 'run_1' } };
    expect(stepsOf(boundaryQuery(names, { sessionId: 's', after, limit }))).toEqual([
      expect.stringMatching(/^SEARCH r USING COVERING INDEX agent_run_runs_by_session/),
    ]);
    for (const query of [scanQuery, scanTextQuery]) {
      expect(stepsOf(query(names, range, ['turn_count', 'token_usage']))).toEqual([
        expect.stringMatching(/^SEARCH r USING INDEX agent_run_runs_by_session/),
      ]);
    }
  });

  it.each([
    ['a page', { fromMs: 1, toMs: 9, after }, '(started_ms>? AND (started_ms,id)<(?,?))'],
    ['a page of older ones', { toMs: 3, after }, '(started_ms<?)'],
    [
      'a stretch',
      { fromMs: 1, toMs: 9, after, last: after },
      '((started_ms,id)>(?,?) AND (started_ms,id)<(?,?))',
    ],
  ])('%s of a time is bounded at both ends as closely as it can be', (_, range, bounds) => {
    const [step] = stepsOf(scanQuery(names, range, ['turn_count']));
    expect(step).toBe(`SEARCH r USING INDEX agent_run_runs_by_start ${bounds}`);
  });

  it('recover() looks at running runs only', () => {
    const stale = { unleasedQuietMs: 0, limit };
    expect(stepsOf(staleQuery(names, stale, 1))).toEqual(['SCAN r USING INDEX agent_run_runs_running']);
    expect(stepsOf(staleQuery(names, { ...stale, after }, 1))).toEqual([
      'SEARCH r USING INDEX agent_run_runs_running ((started_ms,id)<(?,?))',
    ]);
  });

  it.each([
    ['of a run', runJournalQuery(names, { runId: 'run_1', afterSeq: 5, limit })],
    ['of the store', journalQuery(names, { limit }, 5, 100)],
    ['of a session, window by window', journalQuery(names, { sessionId: 's', limit }, 5, 100)],
    ['of a session, run by run', sessionJournalQuery(names, { sessionId: 's', limit }, 100)],
  ])('the journal %s is searched', (_, query) => {
    const reads = stepsOf(query).filter((step) => /^(SCAN|SEARCH) [jr]\b/.test(step));
    expect(reads).toHaveLength(2);
    expect(reads.filter((step) => !step.startsWith('SEARCH'))).toEqual([]);
  });

  it.each([true, false])('prune() follows the index of ends (journals only: %s)', (journalOnly) => {
    const query = { endedBeforeMs: 1000, journalOnly, after: { endedAt: '2026', id: 'a' }, limit };
    const steps = stepsOf(pruneQuery(names, query));
    expect(steps.filter((step) => step.startsWith('SCAN') || step.includes('TEMP'))).toEqual([]);
  });
});
