import { portOf } from '../../lib/attachment';
import { getEventListeners } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { RunError } from 'agent-run';
import type { ExecuteOptions, Run } from 'agent-run';
import { movesOf, never, pendingRun, restoredRun } from './subjects';

interface Scene {
  readonly run: Run;
  readonly controller: AbortController;
  /** What the run took. */
  readonly happened: HappeningName[];
}

/** What may happen to a run that is being executed, from wherever. */
const HAPPENINGS = {
  turn: ({ run }: Scene) => run.incrementTurn(),
  usage: ({ run }: Scene) => run.updateTokenUsage({ total_tokens: 10 }),
  cost: ({ run }: Scene) => run.addCost(0.25),
  cancel: ({ run }: Scene) => run.cancel('enough'),
  abort: ({ controller }: Scene) => controller.abort(new Error('shut down')),
  output: ({ run }: Scene) => run.setOutput({ response: 'Hello!' }),
  error: ({ run }: Scene) => run.setError(new Error('broken')),
  timeout: ({ run }: Scene) => run.updateStatus('timeout'),
  child: ({ run }: Scene) =>
    void run
      .createChild()
      .execute(never, { graceMs: 0 })
      .catch(() => undefined),
  remote: ({ run }: Scene) =>
    portOf(run).endRemotely({
      status: 'completed',
      output: { response: 'there' },
      error: null,
      endedAtMs: Date.now(),
    }),
};

const happening = fc.constantFrom(...(Object.keys(HAPPENINGS) as HappeningName[]));
const story = fc.record({
  restored: fc.boolean(),
  options: fc.record(
    {
      timeoutMs: fc.integer({ min: 1, max: 100 }),
      graceMs: fc.integer({ min: 0, max: 50 }),
      limits: fc.record(
        { maxTotalTokens: fc.constant(175), maxCostUsd: fc.constant(0.5) },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: ['graceMs'] },
  ),
  happenings: fc.array(fc.record({ atMs: fc.integer({ min: 0, max: 150 }), what: happening }), {
    maxLength: 8,
  }),
  /** What a listener does when the run comes to a status. */
  reactions: fc.dictionary(fc.constantFrom('running', 'completed', 'failed', 'cancelled'), happening),
  answerAtMs: fc.integer({ min: 0, max: 150 }),
  answer: fc.constantFrom('returns', 'throws', 'returns a BigInt'),
});

const END_MS = 1_000;

type HappeningName = keyof typeof HAPPENINGS;

interface Story {
  readonly restored: boolean;
  readonly options: ExecuteOptions;
  readonly happenings: readonly { readonly atMs: number; readonly what: HappeningName }[];
  readonly reactions: Readonly<Record<string, HappeningName>>;
  readonly answerAtMs: number;
  readonly answer: string;
}

/** A call that the run may refuse, but only in its own words. */
function attempt(what: HappeningName, scene: Scene): void {
  try {
    HAPPENINGS[what](scene);
    scene.happened.push(what);
  } catch (error) {
    expect(error).toBeInstanceOf(RunError);
  }
}

async function play({ restored, options, happenings, reactions, answerAtMs, answer }: Story): Promise<void> {
  const run = restored ? restoredRun() : pendingRun();
  const controller = new AbortController();
  const scene: Scene = { run, controller, happened: [] };
  const moves = movesOf(run);
  run.on('statusChanged', ({ to }) => {
    if (Object.hasOwn(reactions, to)) attempt(reactions[to]!, scene);
  });
  for (const { atMs, what } of happenings) setTimeout(() => attempt(what, scene), atMs);
  let settlements = 0;
  run
    .execute(
      async () => {
        await new Promise<void>((resolve) => {
          setTimeout(resolve, answerAtMs);
        });
        if (answer === 'throws') throw new Error('broken');
        return answer === 'returns' ? { response: 'Hello!' } : 1n;
      },
      { ...options, signal: controller.signal },
    )
    .then(
      () => (settlements += 1),
      () => (settlements += 1),
    );
  await jest.advanceTimersByTimeAsync(END_MS);
  expect(settlements).toBe(1);
  expect(run.isTerminal).toBe(true);
  expect(moves.filter((move) => !move.endsWith('-> running'))).toEqual([
    expect.stringMatching(`-> ${run.status}$`),
  ]);
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  expect(jest.getTimerCount()).toBe(0);
  const count = (what: HappeningName): number => scene.happened.filter((name) => name === what).length;
  expect(run.tokenUsage.total_tokens ?? 0).toBe(10 * count('usage'));
  expect(run.costUsd ?? 0).toBe(0.25 * count('cost'));
  expect(run.turnCount).toBe((restored ? 1 : 0) + count('turn'));
}

describe('Run .execute(), whatever happens in whatever order', () => {
  const unhandled = jest.fn();

  beforeAll(() => {
    process.on('unhandledRejection', unhandled);
    process.on('uncaughtException', unhandled);
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
  });

  afterAll(() => {
    jest.useRealTimers();
    process.off('unhandledRejection', unhandled);
    process.off('uncaughtException', unhandled);
  });

  it('ends the run once, settles once, and leaves nothing behind', async () => {
    await fc.assert(fc.asyncProperty(story, play), { numRuns: 500 });
    await setImmediate();
    expect(unhandled).not.toHaveBeenCalled();
  });
});
