import type { Parking, RunJSON } from 'agent-run';
import { Run, RunError } from 'agent-run';
import type { RunChange } from '../../lib/attachment';
import { portOf } from '../../lib/attachment';
import { LAST_MS } from '../../lib/record/timestamp';
import { copyOf, pendingRun, rejectionOf, runErrorOf, thrownBy } from './subjects';

const QUESTION = { reason: 'approval', data: { tool: 'send_mail' }, state: { text: 'abc' } };

async function parkedRun(options: Parameters<Run['park']>[0] = QUESTION): Promise<Run> {
  const run = pendingRun();
  await run.execute(({ run: mine }) => mine.park(options));
  return run;
}

beforeEach(() => {
  jest.useFakeTimers({ now: 1_000_000 });
});

afterEach(() => {
  jest.useRealTimers();
});

describe('Run .park()', () => {
  it('parks the run when the function returns what it gives, and resolves with that', async () => {
    const run = pendingRun();
    const events: unknown[] = [];
    let parking: Parking | undefined;
    run.on('parked', ({ awaiting, at }) => events.push({ awaiting, at }));
    const settled = run.execute(() => (parking = run.park({ ...QUESTION, expiresInMs: 500 })));
    await expect(settled).resolves.toBe(parking);
    const awaiting = { ...QUESTION, since: new Date(1_000_000), expiresAt: new Date(1_000_500) };
    expect(run).toMatchObject({ status: 'running', endedAt: null, awaiting });
    expect(events).toEqual([{ awaiting, at: 1_000_000 }]);
  });

  it('does nothing before it is returned', async () => {
    const run = pendingRun();
    await run.execute(() => void run.park(QUESTION));
    expect(run).toMatchObject({ status: 'completed', awaiting: null });
  });

  it('ends the execution, its deadline with it', async () => {
    const run = pendingRun();
    await run.execute(() => run.park(), { timeoutMs: 100 });
    expect(jest.getTimerCount()).toBe(0);
    jest.advanceTimersByTime(1_000);
    expect(run.status).toBe('running');
  });

  it('ends open steps before the run says so, once the execution is over', async () => {
    const run = pendingRun();
    const log: string[] = [];
    portOf(run).attach({
      executionOver: () => void log.push('over'),
      changed: (...[name]: RunChange) => void log.push(name),
    });
    await run.execute(() => {
      run.startStep('search');
      return run.park();
    });
    expect(log).toEqual(['statusChanged', 'stepStarted', 'over', 'stepEnded', 'parked']);
  });

  it('lets no step begin until the run goes on', async () => {
    const run = await parkedRun();
    expect(thrownBy(() => run.startStep('search'))).toMatchObject({ code: 'invalid_operation' });
    await run.answer(1).execute(() => run.step('search', () => 1));
  });

  it.each<[string, object | null, string]>([
    ['a reason that is no text', { reason: 1 }, 'reason'],
    ['data that is no object', { data: 'text' }, 'data'],
    ['a state that JSON cannot carry', { state: { a: 1n } }, 'state.a'],
    ['a delay of nothing', { expiresInMs: 0 }, 'expiresInMs'],
    ['a delay that is no number', { expiresInMs: '5' }, 'expiresInMs'],
    ['a delay that is a Date', { expiresInMs: new Date(5) }, 'expiresInMs'],
    ['a delay that ends in the year 10000', { expiresInMs: LAST_MS - 1_000_000 + 1 }, 'expiresInMs'],
    ['an option that it does not know', { expiresInMS: 5 }, 'expiresInMS'],
    ['null', null, ''],
  ])('refuses %s', async (_what, options, path) => {
    const run = pendingRun();
    const { details } = await runErrorOf(
      run.execute(() => run.park(options as object)),
      'validation_error',
    );
    expect(details['issues']).toEqual([{ path, message: expect.any(String) as string }]);
  });

  it('takes null for nothing, and waits for ever', async () => {
    const nothing = { reason: null, data: null, state: null };
    for (const expiresInMs of [null, undefined, Infinity]) {
      const { awaiting } = await parkedRun({ ...nothing, expiresInMs });
      expect(awaiting).toMatchObject({ ...nothing, expiresAt: null });
    }
  });

  it('takes a delay to the last millisecond of the year 9999', async () => {
    const run = await parkedRun({ expiresInMs: LAST_MS - 1_000_000 });
    expect(run.toJSON().awaiting?.expires_at).toBe('9999-12-31T23:59:59.999Z');
  });

  it('may be returned once all children have ended', async () => {
    const run = pendingRun();
    await run.execute(() => {
      run.createChild().setOutput({});
      return run.park();
    });
    expect(run.awaiting).not.toBeNull();
  });

  it('is refused outside of an execution', () => {
    expect(thrownBy(() => pendingRun().park())).toMatchObject({ code: 'invalid_operation' });
  });

  it('is refused to a child', async () => {
    const child = pendingRun().createChild();
    await runErrorOf(
      child.execute(() => child.park()),
      'invalid_operation',
    );
  });

  it('is refused while a child goes on, at the call and at the return', async () => {
    const run = pendingRun();
    await runErrorOf(
      run.execute(() => {
        run.createChild();
        return run.park();
      }),
      'invalid_operation',
    );
    const later = pendingRun();
    await runErrorOf(
      later.execute(() => {
        const parking = later.park();
        later.createChild();
        return parking;
      }),
      'invalid_operation',
    );
    expect(later.status).toBe('failed');
  });

  it('does not park a run with the parking of another', async () => {
    const [run, other] = [pendingRun(), pendingRun()];
    let parking: Parking | undefined;
    await other.execute(() => void (parking = other.park()));
    await runErrorOf(
      run.execute(() => parking),
      'invalid_operation',
    );
  });

  it('travels in the record, its answer too', async () => {
    const run = await parkedRun({ ...QUESTION, expiresInMs: 500 });
    const wire = { ...QUESTION, since: '1970-01-01T00:16:40.000Z', expires_at: '1970-01-01T00:16:40.500Z' };
    expect(run.toJSON().awaiting).toEqual(wire);
    expect(copyOf(run).awaiting).toEqual(run.awaiting);
    expect(copyOf(run.answer({ approved: true })).toJSON().awaiting).toEqual({
      ...wire,
      answer: { approved: true },
    });
  });

  it('keeps what a later version adds to it, and every digit of its times', async () => {
    const record = (await parkedRun()).toJSON();
    const awaiting = { ...record.awaiting, since: '2026-01-31T12:00:00.123456Z', later: 1 };
    const json = { ...record, awaiting } as unknown as RunJSON;
    expect(Run.fromJSON(json).toJSON().awaiting).toEqual(awaiting);
  });

  it.each<[string, object, string]>([
    ['no object', { awaiting: 1 }, 'awaiting'],
    ['no time', { awaiting: { since: 'now' } }, 'awaiting.since'],
    ['data of another kind', { awaiting: { since: '2026-01-31T12:00:00Z', data: 1 } }, 'awaiting.data'],
    ['a run that is pending', { status: 'pending' }, 'awaiting'],
  ])('is refused in a record as %s', async (_what, members, path) => {
    const record = (await parkedRun()).toJSON();
    const issues = [expect.objectContaining({ path })];
    expect(thrownBy(() => Run.fromJSON({ ...record, ...members }))).toMatchObject({ details: { issues } });
  });
});

describe('Run .answer()', () => {
  it('keeps the answer, any JSON value, and says so', async () => {
    for (const value of [{ approved: true }, 'yes', 0, false, null, [1]]) {
      const run = await parkedRun();
      const answered = jest.fn();
      run.on('answered', answered);
      expect(run.answer(value).awaiting?.answer).toEqual(value);
      expect(answered).toHaveBeenCalledWith({ run, answer: value, at: 1_000_000 });
    }
  });

  it('is refused a second time, too late, and where nothing waits', async () => {
    const run = await parkedRun();
    run.answer(null);
    const late = await parkedRun({ expiresInMs: 100 });
    jest.advanceTimersByTime(100);
    for (const refused of [run, late, pendingRun(), (await parkedRun()).cancel()]) {
      expect(thrownBy(() => refused.answer(1))).toMatchObject({ code: 'invalid_operation' });
    }
  });

  it('refuses what JSON cannot carry', async () => {
    const run = await parkedRun();
    expect(thrownBy(() => run.answer(undefined))).toMatchObject({ code: 'validation_error' });
    expect(run.awaiting).not.toHaveProperty('answer');
  });
});

describe('Run .execute() of a parked run', () => {
  it('goes on with the answer, and waits for nothing from then on', async () => {
    const run = copyOf((await parkedRun()).answer('yes'));
    const changed = jest.fn<undefined, [readonly string[]]>();
    run.on('attributesChanged', ({ names }) => {
      changed(names);
    });
    const output = await run.execute(({ resumed }) => ({ resumed, awaiting: run.awaiting }));
    expect(output).toEqual({ resumed: { ...QUESTION, answer: 'yes' }, awaiting: null });
    expect(changed).toHaveBeenCalledWith(['awaiting']);
    expect(run.toJSON()).not.toHaveProperty('awaiting');
  });

  it('is refused without an answer, and calls nothing', async () => {
    const run = await parkedRun();
    const fn = jest.fn();
    await runErrorOf(run.execute(fn), 'invalid_operation');
    expect(fn).not.toHaveBeenCalled();
    expect(run.awaiting).toMatchObject(QUESTION);
  });

  it('has nothing resumed where the run was not parked', async () => {
    expect(await pendingRun().execute(({ resumed }) => ({ resumed }))).toEqual({ resumed: null });
  });

  it('may be done by a listener of its answer', async () => {
    const run = await parkedRun();
    const settled = new Promise<unknown>((resolve) => {
      run.on('answered', () => resolve(run.execute(({ resumed }) => resumed?.answer)));
    });
    run.answer('go');
    await expect(settled).resolves.toBe('go');
  });
});

describe('The end of a parked run', () => {
  it.each<[string, (run: Run) => unknown]>([
    ['a cancel', (run) => run.cancel()],
    ['an output', (run) => run.setOutput({ a: 1 })],
    ['a timeout', (run) => run.updateStatus('timeout')],
    ['an end in another process', (run) => portOf(run).endRemotely({ status: 'failed' })],
  ])('by %s clears what it waits for', async (_what, end) => {
    const run = await parkedRun();
    end(run);
    expect(run.awaiting).toBeNull();
    expect(await rejectionOf(run.execute(() => 1))).toBeInstanceOf(RunError);
  });
});
