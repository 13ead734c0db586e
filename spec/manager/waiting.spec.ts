import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AnyRun } from 'agent-run';
import { Run } from 'agent-run';
import type { ManagedContext } from 'agent-run/manager';
import { RunManager } from 'agent-run/manager';
import type { RunStore } from 'agent-run/store';
import { startProgram } from '../examples/program';
import type { EmptyDatabase } from '../store/processes/databases';
import { databases, openStore } from '../store/processes/databases';
import { refusal } from './kit';

const sessionId = 'session-123';

describe.each(databases)('a run that waits for a person, on $name', ({ create }) => {
  jest.setTimeout(60_000);
  let database: EmptyDatabase;
  let stores: RunStore[];

  beforeEach(async () => {
    database = await create();
    stores = [];
  });

  afterEach(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await database.remove();
  });

  /** As another process has it: a store of its own. */
  function newProcess(leaseMs = 30_000): { store: RunStore; runs: RunManager } {
    const store = openStore(database.location);
    stores.push(store);
    const runs = new RunManager({ store, recoverEveryMs: 0, track: { leaseMs } });
    runs.on('storeError', () => undefined);
    return { store, runs };
  }

  /** Has a run of a process that is gone wait. */
  async function parked(options: object = {}): Promise<RunStore> {
    const { store, runs } = newProcess();
    await runs.execute({ sessionId, id: 'a', limits: { maxTurns: 5 } }, ({ run }) => {
      run.incrementTurn().updateTokenUsage({ input_tokens: 100 }).addCost(0.25);
      run.startStep('left open');
      return run.park({ reason: 'approval', data: { tool: 'mail' }, state: { at: 1 }, ...options });
    });
    expect(runs.size).toBe(0);
    return store;
  }

  const codesOf = (settled: readonly PromiseSettledResult<unknown>[]): string[] =>
    settled.map((each) =>
      each.status === 'fulfilled' ? 'ok' : String((each.reason as { code?: unknown }).code),
    );

  const typesOf = async (store: RunStore): Promise<string[]> =>
    (await store.events('a')).map(({ type }) => type);

  const goOn = ({ run, resumed }: ManagedContext): object => {
    run.incrementTurn().updateTokenUsage({ input_tokens: 7 });
    return { resumed };
  };

  it('is stored as running, holds neither lease nor session, and has its steps closed', async () => {
    const store = await parked();
    expect((await store.get('a'))?.toJSON()).toMatchObject({
      status: 'running',
      awaiting: { reason: 'approval', data: { tool: 'mail' }, state: { at: 1 } },
    });
    expect((await store.inspect('a'))?.lease).toBeNull();
    expect(await store.getActive(sessionId)).toBeNull();
    const ended = (await store.events('a')).find(({ type }) => type === 'stepEnded');
    expect(ended?.data).toMatchObject({ step: { name: 'left open', status: 'cancelled' } });
    const types = await typesOf(store);
    expect(types.indexOf('stepEnded')).toBeLessThan(types.indexOf('parked'));
    expect(JSON.stringify(await store.events('a'))).not.toContain('mail');
  });

  it('takes one of a hundred answers at once from ten processes', async () => {
    const store = await parked();
    const processes = Array.from({ length: 10 }, () => newProcess().store);
    const settled = await Promise.allSettled(
      Array.from({ length: 100 }, (_, index) => processes[index % 10]!.answer('a', { answer: index })),
    );
    const codes = codesOf(settled);
    expect(codes.filter((code) => code === 'ok')).toHaveLength(1);
    expect(new Set(codes)).toEqual(new Set(['ok', 'invalid_operation']));
    expect((await store.get('a'))?.awaiting?.answer).toEqual({ answer: codes.indexOf('ok') });
    expect((await typesOf(store)).filter((type) => type === 'answered')).toHaveLength(1);
  });

  it('is resumed by one of twenty, its sums, limits and answer with it', async () => {
    const store = await parked();
    await expect(newProcess().runs.resume('a', goOn as never)).rejects.toThrow(refusal('invalid_operation'));
    await newProcess().store.answer('a', { approved: true });
    const fn = jest.fn(goOn);
    const settled = await Promise.allSettled(
      Array.from({ length: 20 }, () => newProcess().runs.resume('a', fn as never)),
    );
    expect(fn).toHaveBeenCalledTimes(1);
    expect(codesOf(settled).filter((code) => code === 'ok')).toHaveLength(1);
    const run = await store.get('a');
    expect(run?.toJSON()).toMatchObject({
      status: 'completed',
      output: { resumed: { state: { at: 1 }, answer: { approved: true } } },
      turn_count: 2,
      token_usage: { input_tokens: 107 },
      cost_usd: 0.25,
    });
    expect(run?.toJSON()).not.toHaveProperty('awaiting');
    expect(run?.limits).toMatchObject({ maxTurns: 5 });
  });

  it('has one end, where an answer, a cancel and the expiry race', async () => {
    const store = await parked({ expiresInMs: 60 });
    await sleep(50);
    const settled = await Promise.allSettled([
      newProcess().store.answer('a', true),
      newProcess().store.cancel('a', 'Never mind'),
      newProcess().store.recover(),
      newProcess().runs.resume('a', goOn as never),
    ]);
    expect(settled).toHaveLength(4);
    await sleep(50);
    await store.recover();
    const run = await store.get('a');
    const ends = (await store.events('a')).filter(
      ({ type, data }) => type === 'statusChanged' && data['to'] !== 'running',
    );
    if (run?.isTerminal === true) {
      expect(ends.map(({ data }) => data['to'])).toEqual([run.status]);
      expect(run.awaiting).toBeNull();
    } else {
      expect(ends).toEqual([]);
      expect(run?.awaiting?.answer).toBe(true);
    }
  });

  it('is left alone by a sweep, and ended past its expiry', async () => {
    const store = await parked({ expiresInMs: 300 });
    expect(await store.recover()).toEqual([]);
    await sleep(350);
    await expect(store.answer('a', true)).rejects.toThrow(refusal('invalid_operation'));
    const [run] = await store.recover();
    expect(run?.toJSON()).toMatchObject({ id: 'a', status: 'timeout', error: { code: 'expired' } });
  });

  it('loses nothing to a kill between answer and resume, and is an orphan after one', async () => {
    const store = await parked();
    await store.answer('a', { approved: true });
    const file = join(__dirname, 'programs/resume-worker.ts');
    const worker = startProgram(file, [JSON.stringify(database.location), '1000']);
    await worker.printed('resumed with {"approved":true}');
    while ((await store.get('a'))?.turnCount !== 2) await sleep(10);
    worker.child.kill('SIGKILL');
    await worker.ended;
    let ended: AnyRun[] = [];
    while (ended.length === 0) {
      await sleep(100);
      ended = await store.recover();
    }
    expect(ended[0]?.toJSON()).toMatchObject({
      status: 'failed',
      error: { code: 'orphaned' },
      turn_count: 2,
      token_usage: { input_tokens: 107 },
      cost_usd: 0.25,
    });
  });

  it('may be cancelled while it waits', async () => {
    const store = await parked();
    await newProcess().runs.cancel('a', 'Never mind');
    expect((await store.get('a'))?.toJSON()).toMatchObject({
      status: 'cancelled',
      error: { message: 'Never mind' },
    });
    await expect(store.answer('a', true)).rejects.toThrow(refusal('invalid_operation'));
    await expect(newProcess().runs.resume('a', goOn as never)).rejects.toThrow(refusal('invalid_transition'));
  });

  it('stays through a drain', async () => {
    const store = await parked();
    const { runs } = newProcess();
    await runs.close();
    expect((await store.get('a'))?.awaiting).not.toBeNull();
    expect(Run.fromJSON((await store.get('a'))!.toJSON()).awaiting?.reason).toBe('approval');
  });
});
