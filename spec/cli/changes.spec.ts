import { setTimeout as pause } from 'node:timers/promises';
import { Run } from 'agent-run';
import type { RunJSON } from 'agent-run';
import { Client } from 'pg';
import type { Ended } from '../examples/program';
import { CompiledCommand } from './command';
import type { SeededStore } from './stores';
import { postgresStore, sqliteStore } from './stores';

jest.setTimeout(60_000);

let command: CompiledCommand;

beforeAll(() => {
  command = new CompiledCommand();
});

afterAll(() => command.remove());

describe.each([
  ['SQLite', sqliteStore, 'agent_run_migrations'],
  ['PostgreSQL', postgresStore, 'agents.test_migrations'],
])('agent-run, what changes a store on %s', (_name, open, migrations) => {
  let seeded: SeededStore;
  let at: (...parameters: string[]) => Promise<Ended>;

  beforeEach(async () => {
    seeded = await open();
    at = (...parameters) => command.run(['--store', seeded.address, ...parameters]);
  });

  afterEach(() => seeded.close());

  /** A run whose process is gone, its lease run out. */
  async function leaveBehind(id: string): Promise<void> {
    const gone = seeded.another('worker-7');
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

  it('says of a store of a later version what to do, on one line', async () => {
    await seeded.execute(`INSERT INTO ${migrations} (version, applied_at) VALUES (9999, '2030-01-01')`);
    for (const parameters of [['list'], ['cancel', 'run-live', '--yes']]) {
      const { code, output, errors } = await at(...parameters);
      expect([code, output]).toEqual([1, '']);
      expect(errors).toMatch(/^agent-run: [^\n]*schema version 9999[^\n]*: upgrade agent-run[^\n]*\n$/);
    }
    expect((await seeded.store.get('run-live'))!.status).toBe('running');
  });

  it.each([['list'], ['cancel', 'run-live', '--yes'], ['recover', '--yes']])(
    'makes no store of a database that is none: %s',
    async (...parameters) => {
      const elsewhere = seeded.address.replace(/(?:\?.*)?$/, '?table_prefix=other_');
      const { code, errors } = await command.run(['--store', elsewhere, ...parameters]);
      expect(code).toBe(1);
      expect(errors).toMatch(/^agent-run: [^\n]*no tables of agent-run that begin with other_[^\n]*\n$/);
      // Nothing was made there meanwhile.
      await expect(seeded.execute('SELECT 1 FROM other_migrations')).rejects.toThrow(/other_migrations/);
    },
  );
});

describe('agent-run prune', () => {
  const RUNS = 1000;

  it('stops between two batches at Ctrl-C, and says what was done', async () => {
    const seeded = await postgresStore();
    for (let index = 0; index < RUNS; index += 1) {
      const run = new Run({ id: `old-${index}`, sessionId: 'old' }).updateStatus('running');
      seeded.store.track(run.setOutput({ index }));
      if (index % 500 === 0) await seeded.store.track(run).flush();
    }
    await seeded.store.track(new Run({ sessionId: 'last' })).flush();
    const called = await stoppedAt(seeded, `old-${RUNS / 2}`);
    expect([called.code, called.errors]).toEqual([130, 'agent-run: stopped before the end\n']);
    const removed = Number(/^([\d,]+) journals removed/.exec(called.output)![1]!.replaceAll(',', ''));
    expect(removed).toBeGreaterThan(0);
    expect(removed).toBeLessThan(RUNS);
    expect(await seeded.store.events('old-0')).toEqual([]);
    expect(await seeded.store.events(`old-${RUNS - 1}`)).not.toEqual([]);
    await seeded.close();
  });

  /** Prunes as far as a run that somebody else holds, and stops there. */
  async function stoppedAt(seeded: SeededStore, id: string): Promise<Ended> {
    const holder = new Client({ connectionString: seeded.address.replace(/\?.*$/, '') });
    await holder.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT FROM agents.test_runs WHERE id = $1 FOR UPDATE', [id]);
    const parameters = ['prune', '--older-than', 'now', '--journal-only', '--yes'];
    const called = command.start(['--store', seeded.address, ...parameters]);
    const waits =
      "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
    // Within a transaction, what was seen once is seen again.
    const look = async (): Promise<number | null> => {
      await holder.query('SELECT pg_stat_clear_snapshot()');
      return (await holder.query(waits)).rowCount;
    };
    while ((await look()) === 0) await pause(5);
    called.child.kill('SIGINT');
    await holder.query('ROLLBACK');
    await holder.end();
    return called.ended;
  }
});
