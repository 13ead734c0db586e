import { setTimeout as sleep } from 'node:timers/promises';
import type { AnyRun } from 'agent-run';
import { Run } from 'agent-run';
import { RunManager } from 'agent-run/manager';
import { UsageMeter } from 'agent-run/usage';
import { refusal, toldBy } from './kit';

const sessionId = 'session-123';

describe('RunManager', () => {
  describe('.create()', () => {
    it('makes a pending run with the defaults, one level deep, its own first', () => {
      const runs = new RunManager({
        defaults: {
          provider: 'openai',
          metadata: { tenant: 'a', region: 'eu' },
          limits: { maxTurns: 5, maxTotalTokens: 100 },
        },
      });
      const run = runs.create({ sessionId, metadata: { tenant: 'b' }, limits: { maxTurns: 9 } });
      expect(run.status).toBe('pending');
      expect(run.provider).toBe('openai');
      expect(run.metadata).toEqual({ tenant: 'b', region: 'eu' });
      expect(run.limits).toMatchObject({ maxTurns: 9, maxTotalTokens: 100 });
      expect(runs.create({ sessionId, provider: null }).provider).toBeNull();
    });

    it('tells of the run and of everything that happens to it', () => {
      const runs = new RunManager();
      const told = toldBy(runs);
      const run = runs.create({ sessionId, id: 'a' });
      run.updateStatus('running').incrementTurn().note('x').startStep('look');
      run.setOutput({});
      expect(told).toEqual(['created a', 'running a', 'turn 1 a', 'note x a', 'step look a', 'completed a']);
    });

    it('tells of children of any depth, from the moment they are made', () => {
      const runs = new RunManager();
      const told = toldBy(runs);
      const run = runs.create({ sessionId, id: 'a' });
      const child = run.createChild({ id: 'b' });
      child.createChild({ id: 'c' }).updateStatus('running');
      expect([...runs.active].map(({ id }) => id).sort()).toEqual(['a', 'b', 'c']);
      run.cancel();
      expect(told).toEqual([
        'created a',
        'created b',
        'child b of a',
        'created c',
        'child c of b',
        'running c',
        'cancelled a',
        'cancelled b',
        'cancelled c',
      ]);
      expect(runs.size).toBe(0);
    });

    it('tells its own listeners before those of the run', () => {
      const runs = new RunManager();
      const order: string[] = [];
      const run = runs.create({ sessionId });
      run.on('statusChanged', () => order.push('run'));
      runs.on('statusChanged', () => order.push('manager'));
      run.updateStatus('running');
      expect(order).toEqual(['manager', 'run']);
    });

    it('keeps hearing where a run loses its listeners', () => {
      const runs = new RunManager();
      const told = toldBy(runs);
      const run = runs.create({ sessionId, id: 'a' });
      run.removeAllListeners();
      run.updateStatus('running');
      expect(told).toContain('running a');
    });
  });

  describe('listenerError', () => {
    it('tells of listeners of any run, and of its own', async () => {
      const runs = new RunManager();
      const heard: string[] = [];
      runs.on('listenerError', ({ run, event, error }) => {
        heard.push(`${run.id} ${event} ${(error as Error).message}`);
      });
      const rejecting = (): unknown => Promise.reject(new Error('manager'));
      runs.on('turnIncremented', rejecting);
      const run = runs.create({ sessionId, id: 'a' });
      run.on('turnIncremented', () => {
        throw new Error('run');
      });
      run.createChild({ id: 'b' }).incrementTurn();
      run.incrementTurn();
      await sleep(1);
      expect(heard.sort()).toEqual([
        'a turnIncremented manager',
        'a turnIncremented run',
        'b turnIncremented manager',
      ]);
    });
  });

  describe('.execute()', () => {
    it('makes a run of attributes and executes it', async () => {
      const runs = new RunManager({ defaults: { timeoutMs: 5_000 } });
      const told = toldBy(runs);
      const output = await runs.execute({ sessionId, id: 'a', input: { prompt: 'Hi' } }, (context) => {
        expect(runs.size).toBe(1);
        expect(context.resumed).toBeNull();
        return { echo: context.run.input?.prompt };
      });
      expect(output).toEqual({ echo: 'Hi' });
      expect(told).toEqual(['created a', 'running a', 'completed a']);
      expect(runs.size).toBe(0);
    });

    it('takes a run, one of its own or any other', async () => {
      const runs = new RunManager();
      const told = toldBy(runs);
      await runs.execute(runs.create({ sessionId, id: 'a' }), () => ({}));
      await runs.execute(new Run({ sessionId, id: 'b' }), () => ({}));
      expect(told).toEqual(['created a', 'running a', 'completed a', 'running b', 'completed b']);
    });

    it('takes the options of execute, and its defaults where they say nothing', async () => {
      const runs = new RunManager({ defaults: { timeoutMs: 10, graceMs: 1 } });
      const wait = ({ signal }: { signal: AbortSignal }) => sleep(10_000, undefined, { signal });
      await expect(runs.execute({ sessionId }, wait)).rejects.toThrow(refusal('timeout'));
      const timeout = runs.execute({ sessionId }, wait, { timeoutMs: 20 });
      await expect(timeout).rejects.toMatchObject({ code: 'timeout', details: { timeoutMs: 20 } });
    });

    it('throws what the function throws', async () => {
      const runs = new RunManager();
      const error = new TypeError('no');
      const settled = runs.execute({ sessionId }, () => {
        throw error;
      });
      await expect(settled).rejects.toBe(error);
    });

    it('hands the function a meter, made with the options of the manager', async () => {
      const runs = new RunManager({ meter: { provider: 'openai', model: 'gpt-5' } });
      await runs.execute({ sessionId }, ({ run, meter }) => {
        expect(meter).toBeInstanceOf(UsageMeter);
        meter.record({ prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 });
        expect(run.tokenUsage).toMatchObject({ input_tokens: 100, requests: 1 });
        expect(run.costUsd).toBeGreaterThan(0);
      });
    });

    it('refuses an id that a live run has, unless it is pending and means the same', async () => {
      const runs = new RunManager();
      const input = { prompt: 'Hi' };
      const pending = runs.create({ sessionId, id: 'a', input });
      for (const attributes of [
        { sessionId, id: 'a', input: { prompt: 'Ho' } },
        { sessionId: 'other', id: 'a', input },
      ]) {
        await expect(runs.execute(attributes, () => ({}))).rejects.toThrow(refusal('conflict'));
      }
      await runs.execute({ sessionId, id: 'a', input }, async ({ run }) => {
        expect(run).toBe(pending);
        const again = runs.execute({ sessionId, id: 'a', input }, () => ({}));
        await expect(again).rejects.toMatchObject({
          code: 'already_exists',
          details: { status: 'running' },
        });
      });
      expect(pending.status).toBe('completed');
    });
  });

  describe('.get() and .cancel()', () => {
    it('give and cancel a live run', async () => {
      const runs = new RunManager();
      const run = runs.create({ sessionId, id: 'a' });
      expect(await runs.get('a')).toBe(run);
      expect(await runs.cancel('a', 'Enough')).toBe(run);
      expect(run.error).toEqual({ code: 'cancelled', message: 'Enough' });
      expect(await runs.get('a')).toBeNull();
      await expect(runs.cancel('a')).rejects.toThrow(refusal('run_not_found'));
    });
  });

  describe('.resume()', () => {
    it('goes on with a run that was answered, without a store too', async () => {
      const runs = new RunManager();
      const fn = jest.fn(({ run, resumed }: { run: Run; resumed: unknown }) =>
        resumed === null ? run.park({ reason: 'approval', state: { step: 1 } }) : { resumed },
      );
      const run = runs.create({ sessionId, id: 'a' });
      await runs.execute(run, fn);
      expect(run.awaiting).toMatchObject({ reason: 'approval' });
      await expect(runs.resume('a', fn)).rejects.toThrow(refusal('invalid_operation'));
      run.answer({ approved: true });
      expect(await runs.resume('a', fn)).toMatchObject({
        resumed: { reason: 'approval', state: { step: 1 }, answer: { approved: true } },
      });
      await expect(runs.resume('a', fn)).rejects.toThrow(refusal('run_not_found'));
    });
  });

  describe('.drain()', () => {
    it('refuses new runs, gives those that run the time to end, and cancels the rest', async () => {
      const runs = new RunManager({ defaults: { graceMs: 50 } });
      const quick = runs.execute({ sessionId }, () => sleep(20).then(() => ({ done: true })));
      const slow = runs.execute({ sessionId }, ({ signal }) => sleep(60_000, undefined, { signal }));
      const stuck = runs.execute({ sessionId }, () => sleep(60_000, undefined, { ref: false }));
      const settled = Promise.allSettled([quick, slow, stuck]);
      const pending = runs.create({ sessionId });
      const drained = runs.drain({ graceMs: 100, reason: 'Deployment' });
      expect(() => runs.create({ sessionId })).toThrow(refusal('invalid_operation'));
      await expect(runs.execute({ sessionId }, () => ({}))).rejects.toThrow(refusal('invalid_operation'));
      await expect(runs.resume('a', () => ({}))).rejects.toThrow(refusal('invalid_operation'));
      await drained;
      const [first, second, third] = await settled;
      expect(first).toMatchObject({ status: 'fulfilled', value: { done: true } });
      expect(second).toMatchObject({ reason: { code: 'cancelled', message: 'Deployment' } });
      expect(third).toMatchObject({ reason: { code: 'cancelled', details: { abandoned: true } } });
      expect(pending.status).toBe('pending');
      expect([...runs.active]).toEqual([pending]);
    });

    it('waits for children, and lets runs make more of them', async () => {
      const runs = new RunManager();
      const made: AnyRun[] = [];
      const settled = runs.execute({ sessionId }, async ({ run }) => {
        await sleep(10);
        const child = run.createChild();
        made.push(child);
        await child.execute(() => sleep(10));
      });
      await runs.drain();
      await settled;
      expect(made.map(({ status }) => status)).toEqual(['completed']);
    });

    it('waits for the function of a run that has ended already', async () => {
      const runs = new RunManager();
      const told: string[] = [];
      const run = runs.create({ sessionId });
      let finish = (): void => undefined;
      const settled = runs.execute(run, async () => {
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
        told.push('function');
      });
      settled.catch(() => undefined);
      run.cancel();
      const drained = runs.drain({ graceMs: 60_000 }).then(() => told.push('drained'));
      await sleep(5);
      finish();
      await drained;
      expect(told).toEqual(['function', 'drained']);
    });

    it('gives a run that nothing executes the time to end too', async () => {
      const runs = new RunManager();
      const [quick, slow] = [runs.create({ sessionId }), runs.create({ sessionId })];
      quick.updateStatus('running');
      slow.updateStatus('running');
      const drained = runs.drain({ graceMs: 50, reason: 'Deployment' });
      await sleep(1);
      expect(slow.status).toBe('running');
      quick.setOutput({});
      await drained;
      expect(quick.status).toBe('completed');
      expect(slow).toMatchObject({ status: 'cancelled', error: { message: 'Deployment' } });
    });

    it('cancels whole trees', async () => {
      const runs = new RunManager();
      const run = runs.create({ sessionId }).updateStatus('running');
      const child = run.createChild().updateStatus('running');
      await runs.close();
      expect([run.status, child.status]).toEqual(['cancelled', 'cancelled']);
    });

    it('is done once: a second call waits for the first', async () => {
      const runs = new RunManager();
      const settled = runs.execute({ sessionId }, () => sleep(30));
      let isDone = false;
      const first = runs.drain({ graceMs: 60_000 }).then(() => (isDone = true));
      await runs.close();
      expect(isDone).toBe(true);
      await Promise.all([first, settled]);
    });

    it('leaves a run that waits for a person alone', async () => {
      const runs = new RunManager();
      const run = runs.create({ sessionId });
      await runs.execute(run, () => run.park());
      await runs.drain();
      expect(run.status).toBe('running');
      expect(run.awaiting).not.toBeNull();
    });

    it('is what `await using` does, without a grace', async () => {
      const executed: Promise<unknown>[] = [];
      {
        await using runs = new RunManager();
        const settled = runs.execute({ sessionId }, ({ signal }) => sleep(60_000, undefined, { signal }));
        settled.catch(() => undefined);
        executed.push(settled);
      }
      await expect(executed[0]).rejects.toThrow(refusal('cancelled'));
    });

    it('refuses bad options, and has not begun then', async () => {
      const runs = new RunManager();
      await expect(runs.drain({ graceMs: -1 })).rejects.toThrow(refusal('validation_error'));
      await expect(runs.drain({ grace: 1 } as object)).rejects.toThrow(refusal('validation_error'));
      expect(() => runs.create({ sessionId })).not.toThrow();
    });
  });
});
