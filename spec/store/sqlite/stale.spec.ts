import Database from 'libsql';
import { SqliteRunStore } from 'agent-run/store/sqlite';
import * as fc from 'fast-check';
import type { StaleQuery } from '../../../lib/store/backend';
import type { StoredRun } from '../../../lib/store/columns';
import { columnsOf, RECORD_COLUMNS } from '../../../lib/store/columns';
import { isStale } from '../../../lib/store/memory/conditions';
import { readNaming } from '../../../lib/store/sqlite/names';
import { staleQuery } from '../../../lib/store/sqlite/queries';
import { runOf } from '../contract/test-database';

const NOW = 1_000;
const moment = fc.integer({ min: NOW - 12, max: NOW + 12 });
const span = fc.integer({ min: 0, max: 12 });

const lease = fc.record({
  lease_token: fc.constant('t'),
  lease_ms: span.map((ms) => 2 * ms),
  lease_expires_ms: moment,
});
const unleased = fc.constant({ lease_token: null, lease_ms: null, lease_expires_ms: null });
const rows = fc.record({
  running: fc.constantFrom(1, 1, 1, 0),
  session_id: fc.constantFrom('s', 't'),
  awaits: fc.constantFrom(null, null, 'answer', 'resume'),
  awaiting_expires_ms: fc.option(moment),
  touched_ms: moment,
  lease: fc.oneof(lease, unleased),
});
const queries: fc.Arbitrary<StaleQuery> = fc.record({
  sessionId: fc.constantFrom(undefined, 's'),
  unleasedQuietMs: fc.option(span),
  reachableForMs: fc.option(span, { nil: undefined }),
  limit: fc.constant(1),
});

describe('staleQuery() of SQLite', () => {
  it('finds what the rows in memory are found by, whatever their leases and waits', () => {
    const database = new Database(':memory:');
    new SqliteRunStore({ database });
    const columns = columnsOf(runOf({ id: 'run_1' }), RECORD_COLUMNS);
    const whole = { ...columns, revision: 1, seq: 1, has_journal: 0, writer: 'w', touched_ms: 0 };
    const names = Object.keys(whole).join();
    const marks = Object.keys(whole)
      .map(() => '?')
      .join();
    database.prepare(`INSERT INTO agent_run_runs (${names}) VALUES (${marks})`).run(Object.values(whole));
    fc.assert(
      fc.property(rows, queries, ({ lease: held, ...row }, query) => {
        const changed = { ...row, ...held };
        const assignments = Object.keys(changed).map((name) => `${name} = ?`);
        database.prepare(`UPDATE agent_run_runs SET ${assignments.join()}`).run(Object.values(changed));
        const { sql, values } = staleQuery(readNaming({}), query, NOW);
        const found = database.prepare(sql).all([...values]) as { passes: number }[];
        const isOfSession = query.sessionId === undefined || row.session_id === query.sessionId;
        const isOne = isOfSession && isStale({ ...whole, ...changed } as unknown as StoredRun, query, NOW);
        expect(found.map(({ passes }) => passes)).toEqual(row.running === 0 ? [] : [Number(isOne)]);
      }),
      { numRuns: 400 },
    );
    database.close();
  });
});
