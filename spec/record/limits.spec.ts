import { portOf } from '../../lib/attachment';
import { Run } from 'agent-run';
import type { LimitApproachingEvent, RunLimits } from 'agent-run';
import { useOfLimits } from '../../lib/record/limits';
import { issuesOf } from '../support/refusal-of';
import { copyOf, movesOf, pendingRun, runErrorOf, thrownBy } from '../execution/subjects';

type Step = (run: Run) => unknown;

function approachesOf(run: Run): Omit<LimitApproachingEvent, 'run' | 'at'>[] {
  const events: Omit<LimitApproachingEvent, 'run' | 'at'>[] = [];
  run.on('limitApproaching', ({ limit, allowed, actual }) => events.push({ limit, allowed, actual }));
  return events;
}

describe('useOfLimits()', () => {
  const spending = { turns: 1, totalTokens: 2, costUsd: null, unpricedRequests: 3 };

  it('counts what is used of the limits that are set, and of no other', () => {
    expect(useOfLimits({}, spending)).toEqual([]);
    expect(useOfLimits({ maxTurns: 5, maxCostUsd: 1, approachingRatio: 0.5 }, spending)).toEqual([
      { limit: 'maxTurns', allowed: 5, actual: 1 },
      { limit: 'maxCostUsd', allowed: 1, actual: 0 },
    ]);
  });
});

describe('Run limits', () => {
  describe('passed', () => {
    const cases: [string, RunLimits, Step, Step, object][] = [
      [
        'maxTurns',
        { maxTurns: 2 },
        (run) => run.incrementTurn().incrementTurn(),
        (run) => run.incrementTurn(),
        { limit: 'maxTurns', allowed: 2, actual: 3 },
      ],
      [
        'maxTotalTokens, by input and output',
        { maxTotalTokens: 100 },
        (run) => run.updateTokenUsage({ input_tokens: 60, output_tokens: 40, total_tokens: 90 }),
        (run) => run.updateTokenUsage({ output_tokens: 1 }),
        { limit: 'maxTotalTokens', allowed: 100, actual: 101 },
      ],
      [
        'maxTotalTokens, by total_tokens',
        { maxTotalTokens: 100 },
        (run) => run.updateTokenUsage({ input_tokens: 10, total_tokens: 100 }),
        (run) => run.updateTokenUsage({ total_tokens: 5 }),
        { limit: 'maxTotalTokens', allowed: 100, actual: 105 },
      ],
      [
        'maxCostUsd',
        { maxCostUsd: 0.3 },
        (run) => run.addCost(0.1).addCost(0.2),
        (run) => run.addCost(0.000_000_001),
        { limit: 'maxCostUsd', allowed: 0.3, actual: 0.300_000_001 },
      ],
      [
        'maxCostUsd, by a request without a price',
        { maxCostUsd: 0.3 },
        (run) => run.addCost(0.1).updateTokenUsage({ requests: 1, unpriced_requests: 0 }),
        (run) => run.updateTokenUsage({ requests: 1, unpriced_requests: 1 }),
        { limit: 'maxCostUsd', allowed: 0.3, actual: 0.1, unpricedRequests: 1 },
      ],
      [
        'maxCostUsd, by a request without a price, before any cost is known',
        { maxCostUsd: 0.3 },
        () => undefined,
        (run) => run.updateTokenUsage({ unpriced_requests: 1 }),
        { limit: 'maxCostUsd', allowed: 0.3, actual: null, unpricedRequests: 1 },
      ],
      [
        'a limit of nothing',
        { maxTurns: 0 },
        () => undefined,
        (run) => run.incrementTurn(),
        { limit: 'maxTurns', allowed: 0, actual: 1 },
      ],
      [
        'the first of two',
        { maxTotalTokens: 1, maxCostUsd: 1 },
        () => undefined,
        (run) => portOf(run).recordUsage({ total_tokens: 2 }, 2),
        { limit: 'maxTotalTokens', allowed: 1, actual: 2 },
      ],
    ];

    it.each(cases)(
      '%s: ends the run at that moment, not before',
      async (_, limits, within, past, details) => {
        const run = pendingRun();
        const moves = movesOf(run);
        const promise = run.execute(
          ({ signal }) => {
            within(run);
            expect(run.status).toBe('running');
            expect(past(run)).toBe(run);
            expect(run.status).toBe('failed');
            expect(signal.reason).toMatchObject({ code: 'limit_exceeded', details });
          },
          { limits },
        );
        const error = await runErrorOf(promise, 'limit_exceeded');
        expect(error.details).toEqual(details);
        expect(run.error).toEqual({ code: 'limit_exceeded', message: error.message, details });
        expect(moves).toEqual(['pending -> running', 'running -> failed']);
      },
    );

    it.each(cases)('%s: ends a run that nothing executes too', (_, limits, within, past, details) => {
      const run = pendingRun({ limits }).updateStatus('running');
      within(run);
      past(run);
      expect(run.status).toBe('failed');
      expect(run.error).toMatchObject({ code: 'limit_exceeded', details });
    });

    it('keeps the record writable when a sum leaves the finite numbers', () => {
      const run = pendingRun({ limits: { maxTotalTokens: 10 } });
      run.updateTokenUsage({ input_tokens: Number.MAX_VALUE, output_tokens: Number.MAX_VALUE });
      expect(run.error).toMatchObject({ details: { actual: Number.MAX_VALUE } });
    });

    it('is said after the turn or the usage that passed it, and counts late usage on', () => {
      const run = pendingRun({ limits: { maxTotalTokens: 10 } });
      const events: string[] = [];
      run.on('usageUpdated', ({ tokenUsage }) => events.push(JSON.stringify(tokenUsage)));
      run.on('statusChanged', ({ to }) => events.push(to));
      run.updateTokenUsage({ total_tokens: 11 });
      run.updateTokenUsage({ total_tokens: 5 }).addCost(1);
      expect(events).toEqual(['{"total_tokens":11}', 'failed', '{"total_tokens":16}', '{"total_tokens":16}']);
    });
  });

  it('lets requests without a price pass with allowUnpriced', () => {
    const run = pendingRun({ limits: { maxCostUsd: 1, allowUnpriced: true } });
    run.updateTokenUsage({ unpriced_requests: 3 });
    expect(run.status).toBe('pending');
    run.addCost(1.5);
    expect(run.error).toMatchObject({ details: { limit: 'maxCostUsd', allowed: 1, actual: 1.5 } });
  });

  it('lets requests without a price pass without maxCostUsd', () => {
    const run = pendingRun({ limits: { maxTurns: 5 } });
    expect(run.updateTokenUsage({ unpriced_requests: 3 }).status).toBe('pending');
  });

  describe('.checkLimits()', () => {
    it.each<[string, RunLimits, Step, object]>([
      ['maxTurns', { maxTurns: 2 }, (run) => run.incrementTurn(), { allowed: 2, actual: 2 }],
      [
        'maxTotalTokens',
        { maxTotalTokens: 10 },
        (run) => run.updateTokenUsage({ total_tokens: 5 }),
        { allowed: 10, actual: 10 },
      ],
      ['maxCostUsd', { maxCostUsd: 0.5 }, (run) => run.addCost(0.25), { allowed: 0.5, actual: 0.5 }],
    ])(
      'throws when nothing of %s is left for a next step, and changes nothing',
      (limit, limits, step, use) => {
        const run = pendingRun({ limits });
        const moves = movesOf(run);
        expect(thrownBy(() => run.checkLimits())).toBeUndefined();
        step(run);
        expect(thrownBy(() => run.checkLimits())).toBeUndefined();
        step(run);
        const before = run.toJSON();
        expect(thrownBy(() => run.checkLimits())).toMatchObject({
          code: 'limit_exceeded',
          details: { limit, ...use },
        });
        expect(run.toJSON()).toEqual(before);
        expect(moves).toEqual([]);
      },
    );

    it('throws for a limit of nothing before the first step', () => {
      const run = pendingRun({ limits: { maxCostUsd: 0 } });
      expect(thrownBy(() => run.checkLimits())).toMatchObject({ code: 'limit_exceeded' });
    });

    it('throws for what an incoming record has without a price', () => {
      const run = copyOf(pendingRun().updateTokenUsage({ unpriced_requests: 1 }));
      const limited = Run.fromJSON({ ...run.toJSON(), limits: { max_cost_usd: 1 } });
      expect(thrownBy(() => limited.checkLimits())).toMatchObject({
        details: { limit: 'maxCostUsd', unpricedRequests: 1 },
      });
    });

    it('passes where there are no limits', () => {
      expect(thrownBy(() => pendingRun().incrementTurn().checkLimits())).toBeUndefined();
    });

    it('ends an execution that lets it through, with its error', async () => {
      const run = pendingRun({ limits: { maxTurns: 1 } });
      const promise = run.execute(() => {
        for (;;) {
          run.checkLimits();
          run.incrementTurn();
        }
      });
      const error = await runErrorOf(promise, 'limit_exceeded');
      expect(run.turnCount).toBe(1);
      expect(run.error).toEqual({
        name: 'RunError',
        code: 'limit_exceeded',
        message: error.message,
        details: { limit: 'maxTurns', allowed: 1, actual: 1 },
      });
    });
  });

  describe('limitApproaching', () => {
    it('comes at 80 %, once per limit', () => {
      const run = pendingRun({ limits: { maxTurns: 5, maxTotalTokens: 100, maxCostUsd: 3 } });
      const events = approachesOf(run);
      run.incrementTurn().incrementTurn().incrementTurn();
      run.updateTokenUsage({ total_tokens: 79 });
      run.addCost(2.399_999_999);
      expect(events).toEqual([]);
      run.incrementTurn();
      run.updateTokenUsage({ total_tokens: 1 });
      run.addCost(0.000_000_001);
      const once = [
        { limit: 'maxTurns', allowed: 5, actual: 4 },
        { limit: 'maxTotalTokens', allowed: 100, actual: 80 },
        { limit: 'maxCostUsd', allowed: 3, actual: 2.4 },
      ];
      expect(events).toEqual(once);
      run.incrementTurn();
      run.updateTokenUsage({ total_tokens: 10 });
      run.addCost(0.1);
      expect(events).toEqual(once);
    });

    it('comes before the end when one step passes both', () => {
      const run = pendingRun({ limits: { maxTotalTokens: 100 } });
      const events: string[] = [];
      run.on('limitApproaching', ({ actual }) => events.push(`approaching with ${actual}`));
      run.on('statusChanged', ({ to }) => events.push(to));
      run.updateTokenUsage({ total_tokens: 500 });
      expect(events).toEqual(['approaching with 500', 'failed']);
    });

    it('comes where approachingRatio says', () => {
      const run = pendingRun({ limits: { maxTotalTokens: 100, approachingRatio: 0.55 } });
      const events = approachesOf(run);
      run.updateTokenUsage({ total_tokens: 54 });
      expect(events).toEqual([]);
      run.updateTokenUsage({ total_tokens: 1 });
      expect(events).toEqual([{ limit: 'maxTotalTokens', allowed: 100, actual: 55 }]);
    });

    it('carries the run and the time', () => {
      const run = pendingRun({ limits: { maxTurns: 1 } });
      const listener = jest.fn();
      run.on('limitApproaching', listener);
      run.incrementTurn();
      expect(listener).toHaveBeenCalledWith({
        run,
        limit: 'maxTurns',
        allowed: 1,
        actual: 1,
        at: expect.any(Number) as number,
      });
    });

    it('does not come again after a journey through JSON', () => {
      const run = pendingRun({ limits: { maxTotalTokens: 100, maxTurns: 10 } });
      run.updateTokenUsage({ total_tokens: 80 });
      const again = copyOf(run);
      const events = approachesOf(again);
      again.updateTokenUsage({ total_tokens: 10 });
      expect(events).toEqual([]);
      for (let turn = 0; turn < 8; turn++) again.incrementTurn();
      expect(events).toEqual([{ limit: 'maxTurns', allowed: 10, actual: 8 }]);
    });

    it('comes for limits that execute brings, when most is used already', async () => {
      const run = copyOf(pendingRun().updateStatus('running').updateTokenUsage({ total_tokens: 90 }));
      const events = approachesOf(run);
      await run.execute(() => 'done', { limits: { maxTotalTokens: 100 } });
      expect(events).toEqual([{ limit: 'maxTotalTokens', allowed: 100, actual: 90 }]);
    });

    it('does not come after the end', () => {
      const run = pendingRun({ limits: { maxTotalTokens: 100 } }).cancel();
      const events = approachesOf(run);
      run.updateTokenUsage({ total_tokens: 90 });
      expect(events).toEqual([]);
    });
  });

  describe('given to the constructor and to execute', () => {
    it('are merged, the later ones first, and kept with the run', async () => {
      const run = pendingRun({ limits: { maxTurns: 5, maxCostUsd: 1 } });
      const names: string[] = [];
      run.on('attributesChanged', (event) => names.push(...event.names));
      await run.execute(() => 'done', { limits: { maxCostUsd: 2, maxTotalTokens: 100 } });
      const limits = { maxTurns: 5, maxCostUsd: 2, maxTotalTokens: 100 };
      expect(run.limits).toEqual(limits);
      expect(Object.isFrozen(run.limits)).toBe(true);
      expect(names).toEqual(['limits']);
    });

    it('are copied: what the caller does to its object later holds nothing', () => {
      const limits = { maxTurns: 1 };
      const run = pendingRun({ limits });
      limits.maxTurns = 100;
      expect(run.limits).toEqual({ maxTurns: 1 });
    });

    it('are absent where none is set', async () => {
      const run = pendingRun({ limits: { maxTurns: undefined } });
      await run.execute(() => 'done', { limits: {} });
      expect(run.limits).toBeNull();
      expect(run.toJSON()).not.toHaveProperty('limits');
    });

    it.each([
      [{ maxTurns: -1 }],
      [{ maxTotalTokens: NaN }],
      [{ maxCostUsd: -0.01 }],
      [{ maxCostUsd: NaN }],
      [{ allowUnpriced: 1 }],
      [{ approachingRatio: 0 }],
      [{ approachingRatio: 1.01 }],
      [{ approachingRatio: Infinity }],
      ['many'],
    ])('are refused by the constructor when they are %p', (limits) => {
      const refusal = thrownBy(() => pendingRun({ limits: limits as RunLimits }));
      expect(refusal).toMatchObject({ code: 'validation_error' });
    });

    it('may be nothing, and all', () => {
      const limits = { maxTurns: 0, maxTotalTokens: 0, maxCostUsd: 0, approachingRatio: 1 };
      expect(pendingRun({ limits }).limits).toEqual(limits);
    });

    it('are refused under a name that is not known, with those that are', () => {
      const limits = { maxTurn: 1 } as RunLimits;
      expect(issuesOf(() => pendingRun({ limits }))).toEqual([
        'limits.maxTurn: is not known (known: maxTurns, maxTotalTokens, maxCostUsd, allowUnpriced, approachingRatio)',
      ]);
    });
  });

  describe('in JSON', () => {
    const wire = {
      max_turns: 20,
      max_total_tokens: 200_000,
      max_cost_usd: 0.5,
      allow_unpriced: true,
      approaching_ratio: 0.9,
    };
    const limits: RunLimits = {
      maxTurns: 20,
      maxTotalTokens: 200_000,
      maxCostUsd: 0.5,
      allowUnpriced: true,
      approachingRatio: 0.9,
    };

    it('stand under a key of their own, only when set', () => {
      expect(pendingRun().toJSON()).not.toHaveProperty('limits');
      expect(pendingRun({ limits }).toJSON().limits).toEqual(wire);
      expect(pendingRun({ limits: { maxTurns: 0 } }).toJSON().limits).toStrictEqual({ max_turns: 0 });
    });

    it('survive fromJSON, and hold', () => {
      const run = copyOf(pendingRun({ limits }));
      expect(run.limits).toEqual(limits);
      expect(run.toJSON().limits).toEqual(wire);
      run.addCost(0.6);
      expect(run.error).toMatchObject({ code: 'limit_exceeded' });
    });

    it.each([
      ['a text', 'many', 'limits'],
      ['an array', [], 'limits'],
      ['a negative count', { max_turns: -1 }, 'limits.max_turns'],
      ['a text for a number', { max_cost_usd: '1' }, 'limits.max_cost_usd'],
      ['endless', { max_turns: Infinity }, 'limits.max_turns'],
    ])('are refused by fromJSON when they are %s', (_, bad, path) => {
      const json = { ...pendingRun().toJSON(), limits: bad };
      const details = { issues: [{ path, message: expect.any(String) as string }] };
      expect(thrownBy(() => Run.fromJSON(json))).toMatchObject({ code: 'validation_error', details });
    });

    it('may be null or empty there', () => {
      expect(Run.fromJSON({ ...pendingRun().toJSON(), limits: null }).limits).toBeNull();
      expect(Run.fromJSON({ ...pendingRun().toJSON(), limits: {} }).limits).toBeNull();
      const limits = { max_turns: null, max_cost_usd: 1 };
      expect(Run.fromJSON({ ...pendingRun().toJSON(), limits }).limits).toEqual({ maxCostUsd: 1 });
    });

    it('of a later version are written back, and hold no run', async () => {
      const later = { max_turns: 5, max_wall_ms: 1, nested: { deep: [1] }, absent: null };
      const run = Run.fromJSON({ ...pendingRun().toJSON(), limits: later });
      expect(run.toJSON().limits).toEqual(later);
      await run.execute(() => 'done', { limits: { maxTurns: 6 } });
      expect(run.toJSON().limits).toEqual({ ...later, max_turns: 6 });
      const only = Run.fromJSON({ ...pendingRun().toJSON(), limits: { max_wall_ms: 1 } });
      expect(only.toJSON().limits).toEqual({ max_wall_ms: 1 });
      expect(pendingRun({ limits: run.limits }).toJSON().limits).toEqual({ max_turns: 6 });
    });

    it('do not end a run by being read, though it is past them', () => {
      const json = {
        ...pendingRun().updateTokenUsage({ total_tokens: 50 }).toJSON(),
        limits: { max_total_tokens: 10 },
      };
      const run = Run.fromJSON(json);
      expect(run.status).toBe('pending');
      expect(thrownBy(() => run.checkLimits())).toMatchObject({ code: 'limit_exceeded' });
    });
  });
});
