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

    it('takes the filters of list()', async () => {
      const startedFrom = new Date('2026-03-02T00:00:00Z');
      const rows = await summarize({ groupBy: 'status', startedFrom, sessionId: 'a' });
      expect(rows).toMatchObject([{ group: { status: 'failed' }, runs: 1, costUsd: 0.2 }]);
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
