import { setTimeout } from 'node:timers/promises';
import type { SummarizeOptions, SummaryRow } from 'agent-run/store';
import { RunStore } from 'agent-run/store';
import type { ScanColumn, ScanPage } from '../../lib/store/backend';
import { MemoryBackend } from '../../lib/store/memory/backend';
import { Summary } from '../../lib/store/summary';
import { issuesOf } from '../support/refusal-of';
import { runOf } from './contract/test-database';

/** Every page of a scan takes a while. */
class SlowBackend extends MemoryBackend {
  pages = 0;

  override async scan(...query: Parameters<MemoryBackend['scan']>): Promise<ScanPage> {
    this.pages += 1;
    await setTimeout(300);
    return super.scan(...query);
  }
}

class SlowStore extends RunStore {
  constructor(backend: SlowBackend) {
    super(backend, { callTimeoutMs: 1_000 });
  }
}

describe('.summarize()', () => {
  it('has a deadline for each page, not for all of them', async () => {
    const backend = new SlowBackend();
    const store = new SlowStore(backend);
    const runs = Array.from({ length: 3500 }, () => runOf());
    await Promise.all(runs.map((run) => store.save(run)));
    expect(await store.summarize({ groupBy: 'status' })).toMatchObject([{ runs: 3500 }]);
    expect(backend.pages).toBeGreaterThanOrEqual(4);
    await store.close();
  });
});

/** Adds rows, each a column and its value in the order of the columns that the summary asks for. */
async function rowsOf(
  options: object,
  rows: readonly Partial<Record<ScanColumn, unknown>>[],
): Promise<SummaryRow[]> {
  const summary = new Summary(options as SummarizeOptions);
  const blank = { turn_count: 0, cost_usd: null, token_usage: {}, usage_by_model: null, metadata: {} };
  const whole = { ...blank, unsplit_cost_usd: null, unsplit_token_usage: {}, unsplit_metadata: {} };
  for (const row of rows) {
    const values: Partial<Record<ScanColumn, unknown>> = { ...whole, ...row };
    summary.add(summary.columns.map((column) => values[column]));
  }
  return summary.rows();
}

describe('Summary', () => {
  it.each<[object, ScanColumn[]]>([
    [{ groupBy: 'status' }, ['status', 'turn_count', 'cost_usd', 'token_usage']],
    [{ groupBy: ['hour', 'day'] }, ['started_ms', 'turn_count', 'cost_usd', 'token_usage']],
    [
      { groupBy: ['metadata.a', 'sessionId', 'metadata.b'] },
      ['metadata', 'session_id', 'turn_count', 'cost_usd', 'token_usage'],
    ],
    [
      { groupBy: ['model', 'rootRunId', 'provider'] },
      [
        'root_run_id',
        'provider',
        'turn_count',
        'usage_by_model',
        'unsplit_cost_usd',
        'unsplit_token_usage',
        'unsplit_metadata',
      ],
    ],
  ])('by %j asks for the columns that it needs, each once', (options, columns) => {
    expect(new Summary(options as SummarizeOptions).columns).toEqual(columns);
  });

  it('has the filter of list(), as rows have it', () => {
    const { filter } = new Summary({
      groupBy: 'day',
      sessionId: 's',
      status: 'failed',
      startedFrom: new Date(5),
    });
    expect(filter).toMatchObject({ sessionId: 's', statuses: ['failed'], fromMs: 5 });
  });

  it.each([
    [{}, ['groupBy']],
    [{ groupBy: [] }, ['groupBy']],
    [{ groupBy: [7] }, ['groupBy']],
    [{ groupBy: ['day', 'month'] }, ['groupBy']],
    [{ groupBy: ['day', 'hour', 'day'] }, ['groupBy']],
    [{ groupBy: 'metadata' }, ['groupBy']],
    [{ groupBy: 'metadata.' }, ['groupBy']],
    [{ groupBy: 'xmetadata.a' }, ['groupBy']],
    [{ groupBy: 'nothing', provider: 7 }, ['groupBy', 'provider']],
    [{ groupBy: 'nothing', limit: 7 }, ['limit']],
    [{ groupBy: 'day', timeZone: 'Mars/Olympus' }, ['timeZone']],
    [null, ['']],
  ])('refuses %j', (options, paths) => {
    const issues = issuesOf(() => new Summary(options as unknown as SummarizeOptions));
    expect(issues.map((issue) => issue.split(':')[0])).toEqual(paths);
  });

  it('puts rows together by three things, ascending by the first, then the next', async () => {
    const rows = await rowsOf(
      { groupBy: ['status', 'sessionId', 'provider'] },
      ['a', 'b'].flatMap((status) =>
        ['2', '1', '2'].flatMap((session) =>
          [null, 'y', 'x'].map((provider) => ({ status, session_id: session, provider })),
        ),
      ),
    );
    expect(rows.map(({ group, runs }) => [...Object.values(group), runs].join(' '))).toEqual([
      'a 1 x 1',
      'a 1 y 1',
      'a 1  1',
      'a 2 x 2',
      'a 2 y 2',
      'a 2  2',
      'b 1 x 1',
      'b 1 y 1',
      'b 1  1',
      'b 2 x 2',
      'b 2 y 2',
      'b 2  2',
    ]);
  });

  it('puts booleans before numbers, those before texts, and nothing last', async () => {
    const values = ['b', 10, true, null, 'B', 9, false, '', -1, [], { a: 1 }];
    const rows = await rowsOf(
      { groupBy: 'metadata.n' },
      values.map((n) => ({ metadata: { n } })),
    );
    expect(rows.map(({ group }) => group['metadata.n'])).toEqual([
      false,
      true,
      -1,
      9,
      10,
      '',
      'B',
      'b',
      null,
    ]);
    expect(rows.at(-1)?.runs).toBe(3);
  });

  it.each([1_000, 1_001, 2_500])('sorts %d groups', async (count) => {
    const places = Array.from({ length: count }, (_, index) => index);
    const rows = await rowsOf(
      { groupBy: 'metadata.n' },
      places.map((place) => ({ metadata: { n: (place * 7919) % count } })),
    );
    expect(rows.map(({ group }) => group['metadata.n'])).toEqual(places);
  });

  it('takes no member that every object has for one of the metadata', async () => {
    const rows = await rowsOf({ groupBy: 'metadata.constructor' }, [{ metadata: {} }]);
    expect(rows[0]?.group).toEqual({ 'metadata.constructor': null });
  });

  it('decodes ids, and counts what has no price', async () => {
    const [row] = await rowsOf({ groupBy: ['sessionId', 'rootRunId'] }, [
      {
        session_id: '\u0001"s\\u0000"',
        root_run_id: 'r',
        turn_count: 2,
        cost_usd: 0.5,
        token_usage: { unpriced_requests: 3 },
      },
    ]);
    expect(row).toEqual({
      group: { sessionId: 's\0', rootRunId: 'r' },
      runs: 1,
      turns: 2,
      tokenUsage: { unpriced_requests: 3 },
      costUsd: 0.5,
      unpricedRequests: 3,
    });
  });

  it('gives each model its share, and a run that is not split to the model of its metadata', async () => {
    const split = { unsplit_cost_usd: null, unsplit_token_usage: null, unsplit_metadata: null };
    const rows = await rowsOf({ groupBy: ['model', 'status'] }, [
      {
        ...split,
        status: 'failed',
        turn_count: 3,
        usage_by_model: { 'gpt-5': { input_tokens: 1, cost_usd: 0.25 }, '7': { cost_usd: 'free' } },
      },
      {
        status: 'failed',
        turn_count: 2,
        unsplit_cost_usd: 0.5,
        unsplit_token_usage: { input_tokens: 5 },
        unsplit_metadata: { model: 7 },
      },
      { status: 'failed', unsplit_metadata: { model: { name: 'gpt-5' } }, usage_by_model: {} },
    ]);
    expect(rows).toEqual([
      {
        group: { model: '7', status: 'failed' },
        runs: 2,
        turns: 5,
        tokenUsage: { input_tokens: 5 },
        costUsd: 0.5,
        unpricedRequests: 0,
      },
      {
        group: { model: 'gpt-5', status: 'failed' },
        runs: 1,
        turns: 3,
        tokenUsage: { input_tokens: 1 },
        costUsd: 0.25,
        unpricedRequests: 0,
      },
      {
        group: { model: null, status: 'failed' },
        runs: 1,
        turns: 0,
        tokenUsage: {},
        costUsd: null,
        unpricedRequests: 0,
      },
    ]);
  });

  it('groups by the hours and days of its time zone, of UTC where none is named', async () => {
    const rows = [{ started_ms: Date.parse('2026-03-01T23:30:00Z') }];
    const groupBy = ['day', 'hour'];
    expect((await rowsOf({ groupBy }, rows))[0]?.group).toEqual({ day: '2026-03-01', hour: '2026-03-01T23' });
    expect((await rowsOf({ groupBy, timeZone: 'Europe/Berlin' }, rows))[0]?.group).toEqual({
      day: '2026-03-02',
      hour: '2026-03-02T00',
    });
  });

  it('gives nothing where there is nothing', async () => {
    expect(await rowsOf({ groupBy: ['day', 'status'] }, [])).toEqual([]);
  });
});
