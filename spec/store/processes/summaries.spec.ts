import { Run } from 'agent-run';
import type { RunStore } from 'agent-run/store';
import type { EmptyDatabase } from './databases';
import { databases, openStore } from './databases';
import { PATIENCE_MS, times } from './scale';

const BATCH = 1_000;

/** What the runs of a provider add up to, added here one by one. */
interface Sum {
  runs: number;
  turns: number;
  inputTokens: number;
  /** US dollars, in thousandths: whole numbers add up exactly. */
  milliUsd: number;
}

describe.each(databases)('a large store on $name', ({ create }) => {
  let database: EmptyDatabase;
  let store: RunStore;

  beforeAll(async () => {
    database = await create();
    store = openStore(database.location);
  });

  afterAll(async () => {
    await store.close();
    await database.remove();
  });

  /** Makes a run that differs from those around it, and counts it. */
  function makeRun(index: number, sums: Map<string, Sum>): Run {
    const provider = `provider-${index % 7}`;
    const sum = sums.get(provider) ?? { runs: 0, turns: 0, inputTokens: 0, milliUsd: 0 };
    const run = new Run({ sessionId: `session-${index % 1_000}`, provider });
    run.updateStatus('running');
    for (let turn = 0; turn < index % 3; turn++) run.incrementTurn();
    run.updateTokenUsage({ input_tokens: index });
    run.addCost((index % 10) / 1_000);
    if (index % 2 === 0) run.setOutput({ index });
    sums.set(provider, {
      runs: sum.runs + 1,
      turns: sum.turns + (index % 3),
      inputTokens: sum.inputTokens + index,
      milliUsd: sum.milliUsd + (index % 10),
    });
    return run;
  }

  it(
    'adds up what a plain scan adds up',
    async () => {
      const sums = new Map<string, Sum>();
      const total = times(3 * BATCH, 100 * BATCH);
      for (let first = 0; first < total; first += BATCH) {
        const runs = Array.from({ length: BATCH }, (_, index) => makeRun(first + index, sums));
        await Promise.all(runs.map((run) => store.track(run).stop()));
      }
      const rows = await store.summarize({ groupBy: 'provider' });
      expect(rows.reduce((all, { runs }) => all + runs, 0)).toBe(total);
      for (const { group, runs, turns, tokenUsage, costUsd } of rows) {
        const sum = sums.get(group['provider'] as string)!;
        expect({ runs, turns, inputTokens: tokenUsage.input_tokens, costUsd }).toEqual({
          runs: sum.runs,
          turns: sum.turns,
          inputTokens: sum.inputTokens,
          costUsd: sum.milliUsd / 1_000,
        });
      }
    },
    PATIENCE_MS,
  );
});
