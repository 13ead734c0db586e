import { portOf } from '../../lib/attachment';
import { AsyncLocalStorage } from 'node:async_hooks';
import { Run, RunError } from 'agent-run';
import type { AnyRun, RunLimits, RunStatus } from 'agent-run';
import {
  copyOf,
  ENDED,
  movesOf,
  never,
  pendingRun,
  rejectionOf,
  runErrorOf,
  thrownBy,
  untilAborted,
} from './subjects';

type Use = (run: AnyRun) => unknown;

function useTokens(count: number): Use {
  return (run) => run.updateTokenUsage({ total_tokens: count });
}

/** Settles when the run has ended. */
function ended(run: AnyRun): Promise<void> {
  return new Promise((resolve) => {
    run.once('statusChanged', () => resolve());
  });
}

describe('Run .createChild()', () => {
  it('makes a pending run of the same session that names its parent', () => {
    const parent = pendingRun();
    const child = parent.createChild({
      input: { task: 'search' },
      provider: 'openai',
      metadata: { depth: 1 },
    });
    expect(child.status).toBe('pending');
    expect(child.sessionId).toBe(parent.sessionId);
    expect(child.parentRunId).toBe(parent.id);
    expect(child.id).not.toBe(parent.id);
    expect(child.input).toEqual({ task: 'search' });
    expect(child.toJSON()).toMatchObject({
      parent_run_id: parent.id,
      provider: 'openai',
      metadata: { depth: 1 },
    });
  });

  it('writes parent_run_id only where there is one, and reads it back', () => {
    const parent = pendingRun();
    expect(parent.parentRunId).toBeNull();
    expect(parent.toJSON()).not.toHaveProperty('parent_run_id');
    const again = copyOf(parent.createChild());
    expect(again.parentRunId).toBe(parent.id);
    expect(again.toJSON().parent_run_id).toBe(parent.id);
  });

  it('refuses bad attributes and counts nothing then', () => {
    const parent = pendingRun();
    expect(thrownBy(() => parent.createChild({ id: '' }))).toMatchObject({ code: 'validation_error' });
    expect(parent.totals.runs).toBe(1);
  });

  it.each(ENDED)('is refused on a run that is $status', ({ makeRun }) => {
    const run = makeRun();
    expect(thrownBy(() => run.createChild())).toMatchObject({ code: 'invalid_operation' });
    expect(run.totals.runs).toBe(1);
  });

  it('works on a restored run', () => {
    const parent = copyOf(pendingRun().updateStatus('running').updateTokenUsage({ input_tokens: 3 }));
    parent.createChild().updateTokenUsage({ input_tokens: 4 });
    expect(parent.totals).toMatchObject({ runs: 2, tokenUsage: { input_tokens: 7 } });
  });

  it('is executed like any run, its end being no end of its parent', async () => {
    const parent = pendingRun();
    const output = await parent.execute(async () => {
      const child = parent.createChild();
      const failing = parent.createChild();
      await rejectionOf(failing.execute(() => Promise.reject(new Error('broken'))));
      return { answer: await child.execute(() => 'found') };
    });
    expect(output).toEqual({ answer: 'found' });
    expect(parent.status).toBe('completed');
  });
});

describe('A parent that ends', () => {
  const endings: [string, RunStatus, (parent: Run, abort: () => void) => unknown][] = [
    ['setOutput()', 'completed', (parent) => parent.setOutput({ response: 'done' })],
    ['setError()', 'failed', (parent) => parent.setError(new Error('broken'))],
    ['cancel()', 'cancelled', (parent) => parent.cancel()],
    ['updateStatus()', 'timeout', (parent) => parent.updateStatus('timeout')],
    ['a limit', 'failed', (parent) => parent.addCost(2)],
    ["the caller's signal", 'cancelled', (_, abort) => abort()],
    [
      'another process',
      'failed',
      (parent) =>
        portOf(parent).endRemotely({ status: 'failed', output: null, error: null, endedAtMs: Date.now() }),
    ],
  ];

  it.each(endings)(
    'by %s cancels all that have not ended below it: pending, running and executed ones',
    async (_, status, end) => {
      const parent = pendingRun({ limits: { maxCostUsd: 1 } });
      const controller = new AbortController();
      const executed = parent
        .execute(({ run }) => ended(run), { signal: controller.signal })
        .catch(() => undefined);
      const pending = parent.createChild();
      const running = parent.createChild().updateStatus('running');
      const grandchild = running.createChild();
      const child = parent.createChild();
      const childExecuted = runErrorOf(
        child.execute(({ signal }) => untilAborted(signal)),
        'cancelled',
      );
      const early = parent.createChild().setOutput({ response: 'in time' });
      end(parent, () => controller.abort());
      expect(parent.status).toBe(status);
      const reason = { code: 'cancelled', message: `Parent run ${parent.id} ended as "${status}"` };
      for (const run of [pending, running, child]) {
        expect(run.status).toBe('cancelled');
        expect(run.error).toEqual(reason);
      }
      expect(grandchild.error).toEqual({
        code: 'cancelled',
        message: `Parent run ${running.id} ended as "cancelled"`,
      });
      expect((await childExecuted).message).toBe(reason.message);
      expect(early.status).toBe('completed');
      await executed;
    },
  );

  it('by its deadline, or by what its function returns or throws, does so too', async () => {
    const statuses: RunStatus[] = [];
    const executeWith = async (fn: () => unknown, options: object = {}): Promise<void> => {
      const parent = pendingRun();
      const child = parent.createChild();
      await parent.execute(fn, options).catch(() => undefined);
      statuses.push(parent.status, child.status);
    };
    await executeWith(never, { timeoutMs: 1, graceMs: 0 });
    await executeWith(() => 'done');
    await executeWith(() => 1n);
    await executeWith(() => Promise.reject(new Error('broken')));
    const cancelled = 'cancelled';
    expect(statuses).toEqual([
      'timeout',
      cancelled,
      'completed',
      cancelled,
      'failed',
      cancelled,
      'failed',
      cancelled,
    ]);
  });

  it('is heard to have ended before its children are', () => {
    const parent = pendingRun();
    const child = parent.createChild();
    const heard: string[] = [];
    parent.on('statusChanged', ({ to }) => heard.push(`parent ${to}`));
    child.on('statusChanged', ({ to }) => heard.push(`child ${to}, its parent ${parent.status}`));
    parent.cancel();
    expect(heard).toEqual(['parent cancelled', 'child cancelled, its parent cancelled']);
  });

  it('survives a child that a listener has ended first', () => {
    const parent = pendingRun();
    const [first, second] = [parent.createChild(), parent.createChild()];
    first.on('statusChanged', () => second.setOutput({ response: 'just in time' }));
    parent.cancel();
    expect([first.status, second.status]).toEqual(['cancelled', 'completed']);
  });
});

describe('Limits of a parent', () => {
  it.each<[string, RunLimits, Use, Use]>([
    ['tokens', { maxTotalTokens: 100 }, useTokens(60), useTokens(41)],
    ['cost', { maxCostUsd: 1 }, (run) => run.addCost(0.6), (run) => run.addCost(0.41)],
    [
      'requests without a price',
      { maxCostUsd: 1 },
      (run) => run.addCost(0.1),
      (run) => run.updateTokenUsage({ unpriced_requests: 1 }),
    ],
  ])('on %s stop its children and itself, whoever used it', async (_, limits, first, last) => {
    const grandparent = pendingRun({ limits });
    const moves = movesOf(grandparent);
    const promise = grandparent.execute(async ({ signal }) => {
      const parent = grandparent.createChild();
      const child = parent.createChild({ limits: { allowUnpriced: true } });
      await child.execute((context) => {
        first(parent);
        expect(signal.aborted).toBe(false);
        expect(last(child)).toBe(child);
        expect(parent.status).toBe('cancelled');
        expect(child.status).toBe('cancelled');
        expect(context.signal.aborted).toBe(true);
        expect(signal.reason).toMatchObject({ code: 'limit_exceeded' });
      });
    });
    const error = await runErrorOf(promise, 'limit_exceeded');
    expect(error.details).toMatchObject({ limit: Object.keys(limits)[0] });
    expect(moves).toEqual(['pending -> running', 'running -> failed']);
  });

  it("on turns are the parent's own turns", () => {
    const parent = pendingRun({ limits: { maxTurns: 1 } });
    const child = parent.createChild();
    child.incrementTurn().incrementTurn().checkLimits();
    expect(parent.totals.turns).toBe(2);
    expect(parent.status).toBe('pending');
    parent.incrementTurn();
    child.checkLimits();
    expect(thrownBy(() => parent.checkLimits())).toMatchObject({ code: 'limit_exceeded' });
  });

  it('are held by checkLimits() of a child, at every level', () => {
    const grandparent = pendingRun({ limits: { maxTotalTokens: 100, maxTurns: 0 } });
    const child = grandparent.createChild().createChild();
    child.checkLimits();
    grandparent.createChild().updateTokenUsage({ total_tokens: 100 });
    expect(thrownBy(() => child.checkLimits())).toMatchObject({
      code: 'limit_exceeded',
      details: { limit: 'maxTotalTokens', allowed: 100, actual: 100 },
    });
    expect(grandparent.status).toBe('pending');
  });

  it("sum each run's larger count, of the total or of input and output", () => {
    const parent = pendingRun({ limits: { maxTotalTokens: 100 } });
    parent.createChild().updateTokenUsage({ total_tokens: 50 });
    parent.createChild().updateTokenUsage({ input_tokens: 30, output_tokens: 20 });
    expect(parent.status).toBe('pending');
    parent.updateTokenUsage({ input_tokens: 1 });
    expect(parent.error).toMatchObject({ details: { actual: 101 } });
  });

  it('count what each update adds, once', () => {
    const parent = pendingRun({ limits: { maxTotalTokens: 100 } });
    const child = parent.createChild();
    for (const count of [50, 30, 20]) child.updateTokenUsage({ total_tokens: count });
    expect(parent.status).toBe('pending');
    child.updateTokenUsage({ total_tokens: 1 });
    expect(parent.error).toMatchObject({ details: { actual: 101 } });
  });

  it('on cost count what the parent itself has spent', () => {
    const parent = pendingRun({ limits: { maxCostUsd: 1 } }).addCost(0.6);
    const child = parent.createChild().addCost(0.4);
    expect(parent.status).toBe('pending');
    child.addCost(0.1);
    expect(parent.error).toMatchObject({ details: { limit: 'maxCostUsd', actual: 1.1 } });
  });

  it('are named by checkLimits() from below: the own one first', () => {
    const parent = pendingRun({ limits: { maxTotalTokens: 10 } }).updateTokenUsage({ total_tokens: 10 });
    const child = parent.createChild({ limits: { maxCostUsd: 1 } }).addCost(1);
    expect(thrownBy(() => child.checkLimits())).toMatchObject({ details: { limit: 'maxCostUsd' } });
  });

  it('end no run that a listener ends as they come near', () => {
    const run = pendingRun({ limits: { maxTotalTokens: 10 } });
    run.on('limitApproaching', () => void run.cancel());
    run.updateTokenUsage({ total_tokens: 11 });
    expect(run.status).toBe('cancelled');
  });

  it("come near by a child's use, and say so on the parent", () => {
    const parent = pendingRun({ limits: { maxTotalTokens: 100 } });
    const child = parent.createChild();
    const events: unknown[] = [];
    parent.on('limitApproaching', ({ run, actual }) => events.push([run === parent, actual]));
    child.on('limitApproaching', () => events.push('child'));
    child.updateTokenUsage({ total_tokens: 85 });
    expect(events).toEqual([[true, 85]]);
  });

  it("do not keep a child's own from ending it alone", async () => {
    const parent = pendingRun({ limits: { maxTotalTokens: 100 } });
    const child = parent.createChild({ limits: { maxTotalTokens: 10 } });
    const promise = child.execute(({ run }) => void run.updateTokenUsage({ total_tokens: 20 }));
    await runErrorOf(promise, 'limit_exceeded');
    expect(parent.status).toBe('pending');
    expect(parent.totals.tokenUsage).toEqual({ total_tokens: 20 });
  });

  it('hold through a thousand levels', () => {
    const root = pendingRun({ limits: { maxTotalTokens: 10 } });
    const runs = [root];
    for (let level = 0; level < 1_000; level++) runs.push(runs.at(-1)!.createChild());
    runs.at(-1)!.updateTokenUsage({ total_tokens: 11 });
    expect(root.status).toBe('failed');
    expect(runs.slice(1).every(({ status }) => status === 'cancelled')).toBe(true);
  });
});

describe('What surrounds an execution', () => {
  it('carries an asynchronous context into the function', async () => {
    const storage = new AsyncLocalStorage<string>();
    const run = pendingRun();
    portOf(run).attach({ surround: (fn) => storage.run('span', fn) });
    const seen = await run.execute(async () => {
      await Promise.resolve();
      return [storage.getStore(), Run.current() === run];
    });
    expect(seen).toEqual(['span', true]);
    expect(storage.getStore()).toBeUndefined();
  });

  it('fails the run where a scope throws, and leaves it executed no longer', async () => {
    const run = pendingRun();
    const broken = new RunError('storage_error', 'broken scope');
    portOf(run).attach({
      surround: () => {
        throw broken;
      },
    });
    expect(await rejectionOf(run.execute(() => 'done'))).toBe(broken);
    expect(run.status).toBe('failed');
    await runErrorOf(
      run.execute(() => 'done'),
      'invalid_transition',
    );
  });
});
