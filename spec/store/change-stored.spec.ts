import { Run } from 'agent-run';
import type { RunWrite, WriteOutcome } from '../../lib/store/backend';
import { changeStored } from '../../lib/store/change-stored';
import type { StoredRun } from '../../lib/store/columns';
import { Database } from '../../lib/store/database';
import { awayError, FlakyBackend, FlakyStore } from '../support/flaky-backend';
import { VirtualClock } from '../support/virtual-clock';

type Decide = (row: StoredRun | null) => RunWrite | null;

/** What happens to a change before the connection is lost. */
type Failure = (commit: () => Promise<unknown>, decide: Decide) => Promise<unknown>;

/** A database that fails at single changes: before it makes them, or after. */
class FailingBackend extends FlakyBackend {
  readonly failures: Failure[] = [];

  override async update(id: string, decide: Decide): Promise<WriteOutcome | null> {
    const fail = this.failures.shift();
    if (fail === undefined) return super.update(id, decide);
    await fail(() => super.update(id, decide), decide);
    throw awayError();
  }
}

const lostAnswer: Failure = (commit) => commit();
const lostRequest: Failure = () => Promise.resolve();
/** The row was read and locked; then the connection broke. */
const lostOnTheWay: Failure = async (_, decide) => decide(await backend.read('run-1'));

let clock: VirtualClock;
let backend: FailingBackend;
let database: Database;

beforeEach(() => {
  clock = new VirtualClock(7);
  backend = new FailingBackend();
  database = new Database(backend, { retryForMs: 2_000 }, clock);
});

async function storeRun(id = 'run-1'): Promise<void> {
  await new FlakyStore(backend).save(new Run({ id, sessionId: 'session-1' }).updateStatus('running'));
}

/** As another process would. */
async function elsewhere(change: (run: Run) => void): Promise<void> {
  await changeStored('run-1', change, new Database(backend, {}, new VirtualClock(8)));
}

const complete = (run: Run): void => void run.setOutput({ done: true });

async function end(rowId = 'run-1'): ReturnType<typeof changeStored> {
  const changed = changeStored(rowId, complete, database);
  changed.catch(() => undefined);
  await clock.pass(5_000);
  return changed;
}

async function journal(): Promise<string[]> {
  const { entries } = await backend.journal({ runId: 'run-1', limit: 100 });
  return entries.map(({ seq, type }) => `${seq} ${type}`);
}

describe('changeStored()', () => {
  it('changes the run by its own rules, one revision and one entry on', async () => {
    await storeRun();
    const before = await backend.read('run-1');
    const { run, revision, seq } = await end();
    expect(run.status).toBe('completed');
    expect([revision, seq]).toEqual([before!.revision + 1, before!.seq + 1]);
    expect(await backend.read('run-1')).toMatchObject({ status: 'completed', revision, seq });
    expect(await journal()).toEqual(['1 created', '2 statusChanged', '3 statusChanged']);
  });

  it('says which run the store does not have', async () => {
    await expect(end('a%00b')).rejects.toMatchObject({ code: 'run_not_found' });
    expect(backend.calls).toMatchObject({ update: 1, read: 0 });
  });

  it('throws what the run refuses, changes nothing, and asks no further', async () => {
    await storeRun();
    await end();
    const before = { ...backend.calls };
    await expect(end()).rejects.toMatchObject({ code: 'invalid_operation' });
    expect(backend.calls).toEqual({ ...before, update: before.update + 1 });
    expect(await journal()).toHaveLength(3);
  });

  it.each([
    ['was lost', [lostRequest]],
    ['was decided on and lost', [lostOnTheWay]],
    ['was made, and the answer lost', [lostAnswer]],
    ['had no luck at all', [lostRequest, lostOnTheWay, lostAnswer, lostRequest, lostAnswer]],
  ])('changes once what %s', async (_, failures) => {
    await storeRun();
    backend.failures.push(...failures);
    const { run } = await end();
    expect(run.status).toBe('completed');
    expect(backend.failures).toEqual([]);
    expect(await journal()).toHaveLength(3);
  });

  it('makes a change once that could be made again', async () => {
    await storeRun();
    backend.failures.push(lostAnswer);
    const changed = changeStored('run-1', (run) => void run.note('seen'), database);
    await clock.pass(1_000);
    await changed;
    expect(await journal()).toEqual(['1 created', '2 statusChanged', '3 noted']);
  });

  it('knows its own change although another has written since, and gives the run as it is', async () => {
    await storeRun();
    backend.failures.push(async (commit) => {
      await commit();
      await elsewhere((run) => void (run.metadata = { seen: true }));
    });
    const { run, revision, seq } = await end();
    expect(run).toMatchObject({ status: 'completed', metadata: { seen: true } });
    expect(await backend.read('run-1')).toMatchObject({ revision, seq });
    expect(await journal()).toHaveLength(4);
  });

  it.each<[string, () => Promise<void>]>([
    ['that came first', () => elsewhere(complete)],
    [
      'that came first, and another change before it',
      async () => {
        await elsewhere((run) => void (run.metadata = { seen: true }));
        await elsewhere(complete);
      },
    ],
  ])('does not take for its own an end %s', async (_, theirs) => {
    await storeRun();
    backend.failures.push(async (commit, decide) => {
      await lostOnTheWay(commit, decide);
      await theirs();
    });
    await expect(end()).rejects.toMatchObject({ code: 'invalid_operation' });
  });

  it('throws what the run refuses where it is deleted before it is looked at again', async () => {
    await storeRun();
    backend.failures.push(async (commit) => {
      await commit();
      await elsewhere((run) => void (run.metadata = { seen: true }));
    });
    const read = backend.read.bind(backend);
    jest.spyOn(backend, 'read').mockImplementationOnce(async (id) => {
      await backend.delete(id);
      return read(id);
    });
    await expect(end()).rejects.toMatchObject({ code: 'invalid_operation' });
  });

  it('throws what the database does where it never got through', async () => {
    backend.isAllBad = true;
    backend.then = 'away';
    await expect(end()).rejects.toMatchObject({ code: 'storage_error', retryable: true });
    expect(backend.calls.read).toBe(0);
  });

  it('says that the run is gone where it was deleted after an answer was lost', async () => {
    await storeRun();
    backend.failures.push(async (commit) => {
      await commit();
      await backend.delete('run-1');
    });
    await expect(end()).rejects.toMatchObject({ code: 'run_not_found' });
  });
});

describe('RunStore', () => {
  it('gives a run that can be saved, although an answer was lost and another has written since', async () => {
    await storeRun();
    backend.failures.push(async (commit) => {
      await commit();
      await elsewhere((run) => void (run.metadata = { seen: true }));
    });
    const store = new FlakyStore(backend, {}, clock);
    const cancelled = store.cancel('run-1');
    await clock.pass(1_000);
    const run = await cancelled;
    run.metadata = { ...run.metadata, saved: true };
    await store.save(run);
    expect((await store.get('run-1'))?.toJSON()).toEqual(run.toJSON());
    expect(await journal()).toHaveLength(4);
  });
});
