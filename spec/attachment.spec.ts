import { Run } from 'agent-run';
import type { RunAttachment } from '../lib/attachment';
import { portOf } from '../lib/attachment';

const never = (): Promise<never> =>
  new Promise<never>(() => {
    // Never settles.
  });

function newRun(): Run {
  return new Run({ sessionId: 'session-123' });
}

/** Attaches what writes down each change and execution, under its name. */
function attachLog(run: Run, log: string[], name = 'attachment'): () => void {
  return portOf(run).attach({
    changed: (...[change]) => void log.push(`${name}: ${change}`),
    surround: (fn) => {
      log.push(`${name}: in`);
      return fn();
    },
    executionOver: () => void log.push(`${name}: over`),
  });
}

/** Catches what is thrown on the next ticks. */
async function uncaughtIn(act: () => void): Promise<unknown[]> {
  const thrown: unknown[] = [];
  const nextTick = jest.spyOn(process, 'nextTick').mockImplementation((callback) => {
    try {
      (callback as () => void)();
    } catch (error) {
      thrown.push(error);
    }
  });
  act();
  nextTick.mockRestore();
  await Promise.resolve();
  return thrown;
}

describe('An attachment', () => {
  it('is told of every change before any listener', () => {
    const run = newRun();
    const log: string[] = [];
    run.on('statusChanged', () => void log.push('listener: statusChanged'));
    run.on('turnIncremented', () => void log.push('listener: turnIncremented'));
    attachLog(run, log);
    run.updateStatus('running').incrementTurn();
    expect(log).toEqual([
      'attachment: statusChanged',
      'listener: statusChanged',
      'attachment: turnIncremented',
      'listener: turnIncremented',
    ]);
  });

  it('is told at once of a change that a listener makes', () => {
    const run = newRun();
    const log: string[] = [];
    attachLog(run, log);
    run.on('statusChanged', () => {
      run.incrementTurn();
      log.push('listener');
    });
    run.updateStatus('running');
    expect(log).toEqual(['attachment: statusChanged', 'attachment: turnIncremented', 'listener']);
  });

  it('hears changes in the order of another that changes the run', () => {
    const run = newRun();
    const log: string[] = [];
    portOf(run).attach({
      changed: (...[name]) => {
        if (name === 'statusChanged') run.metadata = { seen: true };
      },
    });
    attachLog(run, log);
    run.on('statusChanged', () => void log.push('listener: statusChanged'));
    run.on('attributesChanged', () => void log.push('listener: attributesChanged'));
    run.updateStatus('running');
    expect(log).toEqual([
      'attachment: statusChanged',
      'attachment: attributesChanged',
      'listener: statusChanged',
      'listener: attributesChanged',
    ]);
  });

  it('is not unhooked by removeAllListeners()', () => {
    const run = newRun();
    const log: string[] = [];
    attachLog(run, log);
    run.removeAllListeners().updateStatus('running');
    expect(log).toEqual(['attachment: statusChanged']);
  });

  it('is told of the changes that it names, and of no other', () => {
    const run = newRun();
    const log: string[] = [];
    portOf(run).attach({
      changes: new Set(['turnIncremented']),
      changed: (...[name]) => void log.push(name),
    });
    run.updateStatus('running').incrementTurn();
    expect(log).toEqual(['turnIncremented']);
  });

  it('stops nothing by throwing: it surfaces on the next tick', async () => {
    const run = newRun();
    const log: string[] = [];
    const broken = new Error('broken');
    const fail = (): never => {
      throw broken;
    };
    portOf(run).attach({ changed: fail, hears: () => true, deliver: fail });
    attachLog(run, log);
    run.on('statusChanged', () => void log.push('listener'));
    const thrown = await uncaughtIn(() => run.updateStatus('running'));
    expect(log).toEqual(['attachment: statusChanged', 'listener']);
    expect(thrown).toEqual([broken, broken]);
  });

  it('is taken off by what attach() returns, more than once too', () => {
    const run = newRun();
    const log: string[] = [];
    const detach = attachLog(run, log);
    detach();
    detach();
    run.updateStatus('running');
    expect(log).toEqual([]);
  });

  it('delivers the events that it hears, a listener that failed too, before the listeners', () => {
    const run = newRun();
    const log: string[] = [];
    portOf(run).attach({
      hears: (name) => name !== 'turnIncremented',
      deliver: (...[name]) => void log.push(`deliver: ${name}`),
    });
    run.on('statusChanged', () => {
      log.push('listener');
      throw new Error('broken');
    });
    run.updateStatus('running').incrementTurn();
    expect(log).toEqual(['deliver: statusChanged', 'listener', 'deliver: listenerError']);
  });

  it('surrounds the function of execute, the first outermost', async () => {
    const run = newRun();
    const log: string[] = [];
    attachLog(run, log, 'outer');
    attachLog(run, log, 'inner');
    await run.execute(() => void log.push('function'));
    expect(log.filter((line) => !line.includes('Changed'))).toEqual([
      'outer: in',
      'inner: in',
      'function',
      'outer: over',
      'inner: over',
    ]);
  });

  it('hears that an execution is over once the run has ended and before its promise settles', async () => {
    const run = newRun();
    const log: string[] = [];
    portOf(run).attach({ executionOver: () => void log.push(run.status) });
    await run.execute(() => undefined).then(() => log.push('settled'));
    expect(log).toEqual(['completed', 'settled']);
  });

  it('hears so where the function is abandoned', async () => {
    const run = newRun();
    const executionOver = jest.fn();
    portOf(run).attach({ executionOver });
    const settled = run.execute(never, { graceMs: 1 });
    run.cancel();
    expect(executionOver).not.toHaveBeenCalled();
    await expect(settled).rejects.toMatchObject({ details: { abandoned: true } });
    expect(executionOver).toHaveBeenCalledTimes(1);
  });
});

describe('A subclass with members of the names that the package uses', () => {
  class Mine extends Run {
    attach(): string {
      return 'mine';
    }
    recordUsage(): string {
      return 'mine';
    }
    keep(): string {
      return 'mine';
    }
    endRemotely(): string {
      return 'mine';
    }
  }

  it('meets none of them', () => {
    const run = new Mine({ sessionId: 'session-123' });
    const log: string[] = [];
    portOf(run).attach({ changed: (...[name]) => void log.push(name) });
    portOf(run).recordUsage({ input_tokens: 2 }, 0.5);
    portOf(run).endRemotely({ status: 'failed' });
    expect(run).toMatchObject({ tokenUsage: { input_tokens: 2 }, costUsd: 0.5, status: 'failed' });
    expect(log).toEqual(['usageUpdated', 'statusChanged']);
  });
});

// What an attachment may leave out is everything.
const NOTHING: RunAttachment = {};

describe('An attachment without members', () => {
  it('changes nothing', async () => {
    const run = newRun();
    portOf(run).attach(NOTHING);
    await expect(run.execute(() => ({ a: 1 }))).resolves.toEqual({ a: 1 });
  });
});
