import { setTimeout as pause } from 'node:timers/promises';
import { Run } from 'agent-run';
import type { RunJSON } from 'agent-run';
import { SqliteRunStore } from 'agent-run/store/sqlite';
import type { Ended } from '../examples/program';
import { CompiledCommand } from './command';
import type { SeededStore } from './stores';
import { sqliteStore } from './stores';

jest.setTimeout(60_000);

describe('agent-run, what changes a store', () => {
  let command: CompiledCommand;
  let seeded: SeededStore;
  let at: (...parameters: string[]) => Promise<Ended>;

  beforeAll(() => {
    command = new CompiledCommand();
  });

  afterAll(() => command.remove());

  beforeEach(async () => {
    seeded = await sqliteStore();
    at = (...parameters) => command.run(['--store', seeded.address, ...parameters]);
  });

  afterEach(() => seeded.close());

  /** A run whose process is gone, its lease run out. */
  async function leaveBehind(id: string): Promise<void> {
    const gone = new SqliteRunStore({ path: seeded.address, workerName: 'worker-7' });
    const run = new Run({ id, sessionId: 'chat-5' });
    gone.track(run, { leaseMs: 50 });
    run.updateStatus('running').incrementTurn();
    await gone.close();
    while ((await seeded.store.inspect(id))!.lease!.expiresAt > new Date()) await pause(10);
  }

  async function runsOf(count: number): Promise<void> {
    for (let index = 0; index < count; index++) {
      const run = new Run({ id: `old-${index}`, sessionId: 'old' }).updateStatus('running');
      await seeded.store.save(run.setOutput({ index }));
    }
  }

  it('lists what is stuck, changes nothing, and recovers it when told to', async () => {
    expect((await at('stuck')).errors).toBe('Nothing is stuck.\n');
    await leaveBehind('run-stuck');
    const stuck = await at('stuck');
    expect(stuck.output).toMatch(/run-stuck +[\d.]+ s +[-: \d]{19} +worker-7 +chat-5/);
    const { runs } = JSON.parse((await at('recover', '--dry-run', '--json')).output) as { runs: RunJSON[] };
    expect(runs.map(({ id }) => id)).toEqual(['run-stuck']);
    expect((await seeded.store.get('run-stuck'))!.status).toBe('running');
    expect((await at('recover')).code).toBe(2);
    const recovered = await at('recover', '--yes');
    expect(recovered.output).toContain('orphaned');
    expect((await seeded.store.get('run-stuck'))!.toJSON()).toMatchObject({
      status: 'failed',
      turn_count: 1,
      error: { code: 'orphaned' },
    });
  });

  it('finds what waits for a person, and answers it', async () => {
    const run = new Run({ id: 'run-parked', sessionId: 'chat-6' });
    const recorder = seeded.store.track(run);
    await run.execute(({ run: executed }) =>
      executed.park({ reason: 'approval', data: { tool: 'send_mail' }, expiresInMs: 60_000 }),
    );
    await recorder.stop();
    const waiting = await at('list', '--awaiting', 'answer');
    expect(waiting.output).toMatch(/run-parked +waiting/);
    const shown = await at('show', 'run-parked');
    expect(shown.output).toContain('waits for approval, since');
    expect(shown.output).toContain(`agent-run answer run-parked '{"approved":true}'`);
    expect(shown.output).toContain('"tool": "send_mail"');
    expect((await at('answer', 'run-parked', '{"approved":true}')).code).toBe(2);
    const answered = await at('answer', 'run-parked', '{"approved":true}', '--yes');
    expect([answered.code, answered.output]).toEqual([0, 'run-parked has its answer.\n']);
    expect((await seeded.store.get('run-parked'))!.awaiting!.answer).toEqual({ approved: true });
    const again = await at('answer', 'run-parked', 'false', '--yes');
    expect([again.code, again.errors]).toEqual([1, expect.stringMatching(/^agent-run: [^\n]+\n$/)]);
  });

  it('prunes what ended before, and says how much', async () => {
    await runsOf(250);
    expect((await at('prune', '--older-than', '1d', '--yes')).output).toBe('0 runs removed\n');
    expect((await at('prune', '--older-than', 'now')).code).toBe(2);
    const journals = await at('prune', '--older-than', 'now', '--journal-only', '--yes');
    expect(journals.output).toMatch(/^25\d journals removed/);
    expect((await seeded.store.get('old-0'))!.status).toBe('completed');
    expect(await seeded.store.events('old-0')).toEqual([]);
    const pruned = await at('prune', '--older-than', 'now', '--yes', '--json');
    expect(JSON.parse(pruned.output)).toEqual({ removed: 252 });
    const { runs } = await seeded.store.list();
    expect(runs.map(({ id }) => id)).toEqual(['run-live']);
  });

  it('stops between two batches at Ctrl-C, and says what was done', async () => {
    await runsOf(3000);
    const called = command.start(['--store', seeded.address, 'prune', '--older-than', 'now', '--yes']);
    while ((await seeded.store.get('old-0')) !== null) await pause(1);
    called.child.kill('SIGINT');
    const ended = await called.ended;
    expect([ended.code, ended.errors]).toEqual([130, 'agent-run: stopped before the end\n']);
    const removed = Number(/^([\d,]+) runs removed/.exec(ended.output)![1]!.replaceAll(',', ''));
    const rows = await seeded.store.summarize({ groupBy: 'sessionId', sessionId: 'old' });
    const left = rows[0]?.runs ?? 0;
    expect(left).toBeGreaterThan(0);
    // Of the runs of the seed, two have ended; they may be among those that were removed.
    expect([0, 1, 2]).toContain(left + removed - 3000);
  });
});
