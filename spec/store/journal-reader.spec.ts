import { Database } from '../../lib/store/database';
import { JournalReader } from '../../lib/store/journal-reader';
import { awayError, FlakyBackend } from '../support/flaky-backend';
import { VirtualClock } from '../support/virtual-clock';

let clock: VirtualClock;
let backend: FlakyBackend;
let reader: JournalReader;

beforeEach(() => {
  clock = new VirtualClock(7);
  backend = new FlakyBackend();
  reader = new JournalReader(new Database(backend, { retryForMs: 100 }, clock), clock);
});

describe('JournalReader', () => {
  it('asks once what many ask in one tick', async () => {
    const query = { runId: 'one', afterSeq: 3, limit: 10 };
    const pages = [reader.read(query), reader.read({ ...query })];
    expect(backend.calls.journal).toBe(0);
    await clock.pass(0);
    expect(backend.calls.journal).toBe(1);
    const [first, second] = await Promise.all(pages);
    expect(first).toBe(second);
    expect(first).toEqual({ entries: [], throughPosition: 0 });
  });

  it.each([
    ['run', { runId: 'two' }],
    ['session', { sessionId: 's1' }],
    ['place in a run', { afterSeq: 4 }],
    ['position', { afterPosition: 4 }],
    ['limit', { limit: 11 }],
  ])('asks for itself who asks for another %s', async (_, change) => {
    const query = { runId: 'one', afterSeq: 3, limit: 10 };
    void reader.read(query);
    void reader.read({ ...query, ...change });
    await clock.pass(0);
    expect(backend.calls.journal).toBe(2);
  });

  it('asks anew in the next tick, although the answer is still on its way', async () => {
    const query = { afterPosition: 0, limit: 10 };
    backend.isAllBad = true;
    backend.then = 'hangs';
    void reader.read(query).catch(() => undefined);
    await clock.pass(0);
    backend.isAllBad = false;
    const page = reader.read(query);
    await clock.pass(0);
    expect(backend.calls.journal).toBe(2);
    expect((await page).entries).toEqual([]);
  });

  it('tries again for a while, and then tells everybody', async () => {
    const query = { afterPosition: 0, limit: 10 };
    backend.isAllBad = true;
    backend.then = 'away';
    const pages = Promise.allSettled([reader.read(query), reader.read(query)]);
    await clock.pass(1_000);
    const reason = { ...awayError().toJSON() };
    for (const page of await pages) expect(page).toMatchObject({ status: 'rejected', reason });
    expect(backend.calls.journal).toBeGreaterThan(1);
  });
});
