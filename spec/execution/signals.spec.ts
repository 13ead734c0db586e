import { setTimeout as delay } from 'node:timers/promises';
import { Run } from 'agent-run';
import { onAbort } from '../../lib/execution/abort-listeners';
import { never, pendingRun, rejectionOf, runErrorOf } from './subjects';

/** A signal that is no `AbortSignal` of Node's, with members to break. */
function oddSignal(members: object): AbortSignal {
  const listen = (): void => undefined;
  return { aborted: false, addEventListener: listen, removeEventListener: listen, ...members } as never;
}

const broken = (): never => {
  throw new Error('broken');
};

describe('A signal that cannot be listened to', () => {
  it.each<[string, AbortSignal]>([
    ['without removeEventListener', oddSignal({ removeEventListener: undefined })],
    ['without addEventListener', oddSignal({ addEventListener: 1 })],
    ['whose addEventListener throws', oddSignal({ addEventListener: broken })],
    ['that throws when it is looked at', Object.defineProperty(oddSignal({}), 'aborted', { get: broken })],
  ])('is refused %s, and the run stays pending and may be executed', async (_what, signal) => {
    const run = pendingRun();
    const fn = jest.fn();
    const { details } = await runErrorOf(run.execute(fn, { signal }), 'validation_error');
    expect(details['issues']).toEqual([{ path: 'signal', message: expect.any(String) as string }]);
    expect(fn).not.toHaveBeenCalled();
    expect(run.status).toBe('pending');
    await run.execute(() => ({ a: 1 }));
  });
});

describe('A signal that misbehaves later', () => {
  it('does not keep the promise from settling', async () => {
    const run = pendingRun();
    const signal = oddSignal({ removeEventListener: broken });
    await expect(run.execute(() => ({ a: 1 }), { signal })).resolves.toEqual({ a: 1 });
    expect(run.status).toBe('completed');
  });

  it('cancels the run without a reason where it has none to show', async () => {
    const run = pendingRun();
    let abort: () => void = () => undefined;
    const signal = Object.defineProperty(
      oddSignal({ addEventListener: (_name: string, listener: () => void) => void (abort = listener) }),
      'reason',
      { get: broken },
    );
    const settled = run.execute(never, { signal, graceMs: 0 });
    abort();
    expect(await rejectionOf(settled)).toMatchObject({ code: 'cancelled' });
  });
});

describe('onAbort()', () => {
  it('passes on what the signal throws, and listens anew the next time', () => {
    const signal = oddSignal({ addEventListener: broken });
    expect(() => onAbort(signal, () => undefined)).toThrow('broken');
    expect(() => onAbort(signal, () => undefined)).toThrow('broken');
  });
});

describe('The promise of a child that nobody awaits', () => {
  it('is no unhandled rejection where its parent ends', async () => {
    const unhandled = jest.fn();
    process.on('unhandledRejection', unhandled);
    const parent = pendingRun();
    await parent.execute(() => {
      void parent.createChild().execute(never, { graceMs: 0 });
      return { a: 1 };
    });
    await delay(20);
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });
});

describe('A tree of 3,000 runs below one another', () => {
  it('ends whole, and heard from above', () => {
    const root = new Run({ sessionId: 's' });
    const runs = [root];
    const ended: number[] = [];
    for (let depth = 1; depth <= 3_000; depth++) runs.push(runs[depth - 1]!.createChild());
    for (const [depth, run] of runs.entries()) run.on('statusChanged', () => ended.push(depth));

    root.updateStatus('running').cancel();

    expect(runs.every(({ status }) => status === 'cancelled')).toBe(true);
    expect(ended).toEqual([0, ...runs.keys()]);
    runs.at(-1)!.addCost(1);
    expect(root.totals).toMatchObject({ runs: 3_001, costUsd: 1 });
  });

  it('tells of the end of a parent first, where a listener of its own ended it', () => {
    const parent = new Run({ sessionId: 's' });
    const child = parent.createChild();
    const heard: string[] = [];
    parent.on('turnIncremented', () => {
      parent.cancel();
    });
    parent.on('statusChanged', () => heard.push('parent'));
    child.on('statusChanged', () => heard.push('child'));
    parent.incrementTurn();
    expect(heard).toEqual(['parent', 'child']);
  });

  it('tells of the end of a parent first, where a listener of a child ended it', () => {
    const parent = new Run({ sessionId: 's' });
    const [first, second] = [parent.createChild(), parent.createChild()];
    const heard: string[] = [];
    first.on('turnIncremented', () => void parent.cancel());
    for (const [name, run] of Object.entries({ parent, first, second })) {
      run.on('statusChanged', () => heard.push(name));
    }
    first.incrementTurn();
    expect(heard).toEqual(['parent', 'first', 'second']);
  });
});
