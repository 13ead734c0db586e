import type { SummarizeOptions, SummaryRow } from 'agent-run/store';
import { runOf } from './test-database';
import type { TestDatabase } from './test-database';

const RECORDS = [
  {
    session_id: 'a',
    provider: 'openai',
    status: 'completed',
    turn_count: 2,
    token_usage: { input_tokens: 10, input_tokens_details: { cached_tokens: 4 } },
    cost_usd: 0.1,
    started_at: '2026-03-01T23:59:59.999Z',
  },
  {
    session_id: 'a',
    provider: null,
    status: 'failed',
    turn_count: 1,
    token_usage: { input_tokens: 5, input_tokens_details: { cached_tokens: 1 }, unpriced_requests: 2 },
    cost_usd: 0.2,
    started_at: '2026-03-02T00:00:00.000Z',
  },
  {
    session_id: 'b',
    provider: 'openai',
    status: 'completed',
    turn_count: 4,
    token_usage: { output_tokens: 7, tier: 'standard' },
    cost_usd: null,
    started_at: '2026-03-02T10:00:00.000Z',
  },
];

export function describeSummaries(database: () => TestDatabase): void {
  describe('.summarize()', () => {
    const summarize = async (options: SummarizeOptions): Promise<SummaryRow[]> => {
      const store = database().connect();
      for (const record of RECORDS) await store.save(runOf(record));
      return store.summarize(options);
    };

    it('adds up turns, counters at every depth, cost and what has no price', async () => {
      expect(await summarize({ groupBy: 'sessionId' })).toEqual([
        {
          group: { sessionId: 'a' },
          runs: 2,
          turns: 3,
          tokenUsage: { input_tokens: 15, input_tokens_details: { cached_tokens: 5 }, unpriced_requests: 2 },
          costUsd: 0.3,
          unpricedRequests: 2,
        },
        {
          group: { sessionId: 'b' },
          runs: 1,
          turns: 4,
          tokenUsage: { output_tokens: 7 },
          costUsd: null,
          unpricedRequests: 0,
        },
      ]);
    });

    it.each([
      ['provider', ['openai', null]],
      ['status', ['completed', 'failed']],
      ['day', ['2026-03-01', '2026-03-02']],
    ] as const)('groups by %s', async (groupBy, groups) => {
      expect((await summarize({ groupBy })).map(({ group }) => group[groupBy])).toEqual(groups);
    });

    it('puts runs together by several things at once, ascending, nothing last', async () => {
      const rows = await summarize({ groupBy: ['provider', 'day'] });
      expect(rows.map(({ group, runs }) => ({ ...group, runs }))).toEqual([
        { provider: 'openai', day: '2026-03-01', runs: 1 },
        { provider: 'openai', day: '2026-03-02', runs: 1 },
        { provider: null, day: '2026-03-02', runs: 1 },
      ]);
    });

    it.each([
      ['UTC', ['2026-03-01T23', '2026-03-02T00', '2026-03-02T10'], ['2026-03-01', '2026-03-02']],
      ['Europe/Berlin', ['2026-03-02T00', '2026-03-02T01', '2026-03-02T11'], ['2026-03-02']],
      ['America/New_York', ['2026-03-01T18', '2026-03-01T19', '2026-03-02T05'], ['2026-03-01', '2026-03-02']],
      ['Asia/Kathmandu', ['2026-03-02T05', '2026-03-02T15'], ['2026-03-02']],
    ])('knows the hours and days of %s', async (timeZone, hours, days) => {
      const byHour = await summarize({ groupBy: 'hour', timeZone });
      expect(byHour.map(({ group }) => group['hour'])).toEqual(hours);
      const byDay = await database().connect().summarize({ groupBy: 'day', timeZone });
      expect(byDay.map(({ group }) => group['day'])).toEqual(days);
    });

    it('puts runs together by the models that they used, each with its share', async () => {
      const store = database().connect();
      const used = {
        large: { input_tokens: 10, input_tokens_details: { cached_tokens: 4 }, cost_usd: 0.1 },
        small: { input_tokens: 1, unpriced_requests: 1, cost_usd: null },
      };
      const usage = { input_tokens: 11, input_tokens_details: { cached_tokens: 4 }, unpriced_requests: 1 };
      await store.save(
        runOf({
          turn_count: 3,
          usage_by_model: used,
          token_usage: usage,
          cost_usd: 0.1,
          metadata: { model: 'none' },
        }),
      );
      await store.save(
        runOf({ token_usage: { input_tokens: 5 }, cost_usd: 0.2, metadata: { model: 'small' } }),
      );
      await store.save(runOf({ token_usage: { input_tokens: 7 }, metadata: { model: { name: 'x' } } }));
      expect(await store.summarize({ groupBy: 'model' })).toEqual([
        {
          group: { model: 'large' },
          runs: 1,
          turns: 3,
          tokenUsage: { input_tokens: 10, input_tokens_details: { cached_tokens: 4 } },
          costUsd: 0.1,
          unpricedRequests: 0,
        },
        {
          group: { model: 'small' },
          runs: 2,
          turns: 3,
          tokenUsage: { input_tokens: 6, unpriced_requests: 1 },
          costUsd: 0.2,
          unpricedRequests: 1,
        },
        {
          group: { model: null },
          runs: 1,
          turns: 0,
          tokenUsage: { input_tokens: 7 },
          costUsd: null,
          unpricedRequests: 0,
        },
      ]);
    });

    it('puts runs together by tree, and by members of metadata of any kind', async () => {
      const store = database().connect();
      const metadata = [{ n: '1' }, { n: 1 }, { n: false }, { n: { deep: 1 } }, {}, { n: null }];
      for (const [index, one] of metadata.entries()) {
        const tree = index < 2 ? {} : { parent_run_id: 'run_0', root_run_id: 'run_0' };
        await store.save(runOf({ id: `run_${index}`, metadata: one, ...tree }));
      }
      const byTree = await store.summarize({ groupBy: 'rootRunId' });
      expect(byTree.map(({ group, runs }) => [group['rootRunId'], runs])).toEqual([
        ['run_0', 5],
        ['run_1', 1],
      ]);
      const byMember = await store.summarize({ groupBy: 'metadata.n' });
      expect(byMember.map(({ group, runs }) => [group['metadata.n'], runs])).toEqual([
        [false, 1],
        [1, 1],
        ['1', 1],
        [null, 3],
      ]);
    });

    it('adds dollars exactly, and numbers although a text of another run stands in their place', async () => {
      const store = database().connect();
      const usages = [{ n: 1, tier: 'a' }, { n: 'none', tier: 2 }, { n: 2 ** 52, tier: { of: 1 } }, { n: 3 }];
      for (const [index, usage] of usages.entries()) {
        await store.save(runOf({ token_usage: usage, cost_usd: [0.1, 0.2, 1e-9, 1234567.123456789][index] }));
      }
      const [row] = await store.summarize({ groupBy: 'status' });
      expect(row).toMatchObject({ tokenUsage: { n: 2 ** 52 + 4 }, costUsd: 1234567.42345679 });
    });

    it.each<[SummarizeOptions, string]>([
      [{ groupBy: [] }, 'groupBy'],
      [{ groupBy: ['day', 'day'] }, 'groupBy'],
      [{ groupBy: 'metadata.' }, 'groupBy'],
      [{ groupBy: 'day', timeZone: 'Mars/Olympus' }, 'timeZone'],
      [{ groupBy: 'day', startedAfter: new Date() } as SummarizeOptions, 'startedAfter'],
    ])('refuses %j', async (options, path) => {
      const summary = database().connect().summarize(options);
      await expect(summary).rejects.toMatchObject({ details: { issues: [{ path }] } });
    });

    it('takes the filters of list()', async () => {
      const startedFrom = new Date('2026-03-02T00:00:00Z');
      const rows = await summarize({ groupBy: 'status', startedFrom, sessionId: 'a' });
      expect(rows).toMatchObject([{ group: { status: 'failed' }, runs: 1, costUsd: 0.2 }]);
      const store = database().connect();
      await store.save(runOf({ id: 'paid', metadata: { plan: 'pro' }, provider: 'openai' }));
      const status = ['completed', 'failed'] as const;
      expect(await store.summarize({ groupBy: 'status', status })).toMatchObject([{ runs: 2 }, { runs: 1 }]);
      expect(await store.summarize({ groupBy: 'metadata.plan', metadata: { plan: 'pro' } })).toMatchObject([
        { group: { 'metadata.plan': 'pro' }, runs: 1 },
      ]);
      expect(await store.summarize({ groupBy: 'provider', rootRunId: 'paid' })).toMatchObject([{ runs: 1 }]);
    });

    it('counts every record once, over many pages', async () => {
      const store = database().connect();
      const runs = Array.from({ length: 2300 }, (_, index) =>
        runOf({ started_at: `2026-03-01T12:00:${10 + (index % 3)}Z`, cost_usd: 0.1, turn_count: 1 }),
      );
      await Promise.all(runs.map((run) => store.track(run).flush()));
      expect(await store.summarize({ groupBy: 'day' })).toMatchObject([
        { runs: 2300, turns: 2300, costUsd: 230 },
      ]);
    });

    it('refuses a grouping that it does not know', async () => {
      const summary = database()
        .connect()
        .summarize({ groupBy: 'id' as 'day' });
      await expect(summary).rejects.toMatchObject({ code: 'validation_error' });
    });
  });
}
