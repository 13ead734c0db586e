import * as fc from 'fast-check';
import type {
  JournalQuery,
  MetadataMember,
  RowFilter,
  RowKey,
  RowQuery,
  RunWrite,
  ScanColumn,
  ScanMark,
  ScannedRow,
  StoreBackend,
  StoredEntry,
} from '../../../lib/store/backend';
import type { StoredRun } from '../../../lib/store/columns';
import { membersOf } from '../../../lib/store/metadata';
import { firstWriteOf } from '../../support/first-write';
import { runOf } from './test-database';

const FIRST_MS = Date.UTC(2026, 2, 1);
const STATUSES = ['pending', 'running', 'completed', 'failed'] as const;
const PLANS = ['pro', 'free', 7, true] as const;
const MEMBERS = PLANS.flatMap((plan) => [
  { name: 'plan', value: JSON.stringify(plan) },
  { name: 'user', value: JSON.stringify(plan) },
]);
const PARENTS = ['run_00', 'run_07'];

/** Runs that differ in all that one can filter by; several start in the same millisecond. */
const WRITES: readonly RunWrite[] = Array.from({ length: 60 }, (_, index) => {
  const status = STATUSES[index % 4] as string;
  const at = new Date(FIRST_MS + Math.floor(index / 3)).toISOString();
  const parent = index % 5 === 1 ? { parent_run_id: PARENTS[index % 2], root_run_id: 'run_00' } : {};
  const awaiting = { reason: null, data: null, state: null, since: at, expires_at: null };
  const answer = index % 8 === 1 ? {} : { answer: true };
  const run = runOf({
    id: `run_${String((index * 7) % 60).padStart(2, '0')}`,
    session_id: `session-${index % 3}`,
    status,
    provider: [null, 'openai', 'other'][index % 7] ?? null,
    started_at: at,
    turn_count: index,
    cost_usd: index % 4 === 0 ? null : index / 7,
    metadata: { plan: PLANS[index % 4], user: PLANS[index % 3], other: index },
    ...(index % 2 === 0 ? { token_usage: { input_tokens: index } } : { usage_by_model: { m: { n: index } } }),
    ...parent,
    ...(status === 'running' && index % 3 === 0 ? { awaiting: { ...awaiting, ...answer } } : {}),
  });
  return firstWriteOf(run, {
    entries: [1, 2, 3, 4].slice(0, 1 + (index % 4)).map((seq) => ({
      seq,
      type: 'noted',
      data: `{"of":${index}}`,
      at: index,
    })),
  });
});

const ROWS = WRITES.map(({ columns }) => columns as StoredRun).sort(newestFirst);

function newestFirst(left: StoredRun, right: StoredRun): number {
  return right.started_ms - left.started_ms || (left.id < right.id ? 1 : -1);
}

function comesAfter(row: StoredRun, { startedMs, id }: RowKey): boolean {
  return row.started_ms < startedMs || (row.started_ms === startedMs && row.id < id);
}

/** What a filter says, one member after the other. */
function passes(row: StoredRun, filter: Omit<RowQuery, 'limit'>): boolean {
  const has = ({ name, value }: MetadataMember): boolean =>
    membersOf(row.metadata).some((member) => member.name === name && member.value === value);
  const wanted: Readonly<Record<string, boolean | undefined>> = {
    session: filter.sessionId === undefined || row.session_id === filter.sessionId,
    status: filter.statuses === undefined || filter.statuses.includes(row.status),
    provider: filter.provider === undefined || row.provider === filter.provider,
    parent: filter.parentRunId === undefined || row.parent_run_id === filter.parentRunId,
    root: filter.rootRunId === undefined || row.root_run_id === filter.rootRunId,
    roots: filter.rootsOnly !== true || row.parent_run_id === null,
    metadata: (filter.metadata ?? []).every(has),
    awaits: filter.awaits === undefined || row.awaits === filter.awaits,
    active: filter.active === undefined || (row.active === 1) === filter.active,
    from: row.started_ms >= (filter.fromMs ?? -Infinity),
    to: row.started_ms < (filter.toMs ?? Infinity),
    after: filter.after === undefined || comesAfter(row, filter.after),
  };
  return !Object.values(wanted).includes(false);
}

const moment = fc.integer({ min: FIRST_MS - 1, max: FIRST_MS + 21 });
/** Each filter in one of three queries: those of few filters have something to find. */
const maybe = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.option(value, { nil: undefined, freq: 3 }).chain((some) => fc.constantFrom(some, undefined, undefined));
const key = fc.record({ startedMs: moment, id: fc.constantFrom('', ...ROWS.map(({ id }) => id)) });

const filters: fc.Arbitrary<RowFilter> = fc.record({
  sessionId: maybe(fc.constantFrom('session-0', 'session-1', 'none')),
  statuses: maybe(fc.uniqueArray(fc.constantFrom(...STATUSES, 'timeout'), { minLength: 1, maxLength: 3 })),
  provider: maybe(fc.constantFrom('openai', 'other', 'none')),
  isProviderRare: fc.constantFrom(undefined, true, false),
  parentRunId: maybe(fc.constantFrom(...PARENTS, 'none')),
  rootRunId: maybe(fc.constantFrom('run_00', 'run_01', 'none')),
  rootsOnly: maybe(fc.boolean()),
  metadata: maybe(fc.uniqueArray(fc.constantFrom(...MEMBERS), { minLength: 1, maxLength: 2 })),
  awaits: maybe(fc.constantFrom('answer' as const, 'resume' as const)),
  active: maybe(fc.boolean()),
  fromMs: maybe(moment),
  toMs: maybe(moment),
});
const queries = fc.record({
  filter: filters,
  after: maybe(key),
  limit: fc.constantFrom(1, 2, 5, 60, 1000),
});

const TRIES = { numRuns: 80 };

const parsed = (text: string): unknown => JSON.parse(text);

const entriesOf = (all: readonly StoredEntry[], query: JournalQuery): StoredEntry[] =>
  all
    .filter(({ run_id: id }) => query.runId === undefined || id === query.runId)
    .filter(({ session_id: id }) => query.sessionId === undefined || id === query.sessionId)
    .filter(({ seq }) => query.runId === undefined || seq > (query.afterSeq ?? 0))
    .filter(({ position }) => query.runId !== undefined || position > (query.afterPosition ?? 0))
    .slice(0, query.limit);

/** What every backend finds, held against a walk over all rows. */
export function describeQueries(backendOf: () => StoreBackend): void {
  describe('with sixty runs of every kind', () => {
    beforeEach(async () => {
      expect(new Set(await backendOf().apply(WRITES))).toEqual(new Set(['applied']));
    });

    it('lists what passes each filter, the newest first, as many as are asked for', async () => {
      await fc.assert(
        fc.asyncProperty(queries, async ({ filter, after, limit }) => {
          const query = { ...filter, after, limit };
          const found = await backendOf().list(query, ['id', 'started_ms', 'turn_count']);
          const wanted = ROWS.filter((row) => passes(row, query)).slice(0, limit);
          expect(found.map(({ id, turn_count: turns }) => [id, turns])).toEqual(
            wanted.map(({ id, turn_count: turns }) => [id, turns]),
          );
        }),
        TRIES,
      );
    });

    it('scans what passes each filter, once', async () => {
      const columns: ScanColumn[] = [
        'turn_count',
        'unsplit_token_usage',
        'provider',
        'usage_by_model',
        'cost_usd',
        'session_id',
      ];
      await fc.assert(
        fc.asyncProperty(filters, async (filter) => {
          const found: ScannedRow[] = [];
          let mark: ScanMark | null = null;
          do {
            const page = await backendOf().scan(filter, columns, mark);
            expect(page.skipped).toBe(0);
            found.push(...page.rows);
            mark = page.next;
          } while (mark !== null);
          const wanted = ROWS.filter((row) => passes(row, filter)).map((row) => [
            row.turn_count,
            row.usage_by_model === null ? parsed(row.token_usage) : null,
            row.provider,
            row.usage_by_model === null ? null : parsed(row.usage_by_model),
            row.cost_usd,
            row.session_id,
          ]);
          const byTurns = (left: ScannedRow, right: ScannedRow): number => Number(left[0]) - Number(right[0]);
          expect(found.sort(byTurns)).toEqual(wanted.sort(byTurns));
        }),
        TRIES,
      );
    });

    it('gives the journal of a run, of a session and of all, from any point', async () => {
      const all = (await backendOf().journal({ limit: 1000 })).entries;
      expect(all).toHaveLength(WRITES.reduce((sum, { entries }) => sum + entries.length, 0));
      const head = all.at(-1)!.position;
      const whose = fc.constantFrom(
        {},
        { runId: 'run_07' },
        { runId: 'none' },
        { sessionId: 'session-1' },
        { sessionId: 'none' },
      );
      const from = fc.integer({ min: 0, max: head + 2 });
      const limit = fc.constantFrom(1, 2, 7, 1000);
      await fc.assert(
        fc.asyncProperty(
          whose,
          from,
          fc.integer({ min: 0, max: 5 }),
          limit,
          async (of, position, seq, most) => {
            const start = 'runId' in of ? { afterSeq: seq } : { afterPosition: position };
            const query: JournalQuery = { ...of, ...start, limit: most };
            const { entries, throughPosition } = await backendOf().journal(query);
            expect(entries).toEqual(entriesOf(all, query));
            if (query.runId !== undefined) return;
            const last = entries.at(-1)?.position ?? position;
            expect(throughPosition).toBeGreaterThanOrEqual(last);
            if (entries.length === most) expect(throughPosition).toBe(last);
            const rest = entriesOf(all, { ...query, afterPosition: last, limit: 1000 });
            if (entries.length < most) expect(rest).toEqual([]);
            else expect(rest.filter((entry) => entry.position <= throughPosition)).toEqual([]);
          },
        ),
        TRIES,
      );
      expect(await backendOf().head()).toBe(head);
    });
  });
}
