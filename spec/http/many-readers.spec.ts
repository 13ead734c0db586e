import type { Pool } from 'pg';
import { Run } from 'agent-run';
import { createRunHandler } from 'agent-run/http';
import { PostgresRunStore } from 'agent-run/store/postgres';
import type { TestDatabase } from '../support/postgres';
import { createDatabase, createPool } from '../support/postgres';
import { messagesOf } from './event-reader';

const READERS = 200;

describe('many readers of one store', () => {
  let database: TestDatabase;
  let pool: Pool;
  let queries = 0;

  beforeAll(async () => {
    database = await createDatabase();
    pool = createPool(database.url);
    // The store takes a connection for each statement.
    pool.on('acquire', () => (queries += 1));
  });

  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  it('are woken together and read together: an entry costs a few reads, not one for each', async () => {
    const writer = new PostgresRunStore({ connectionString: database.url });
    const store = new PostgresRunStore({ pool });
    const handler = createRunHandler({ store, authorize: () => true });
    const run = new Run({ sessionId: 'chat' });
    const recorder = writer.track(run);
    run.updateStatus('running');
    await recorder.flush();
    const gone = new AbortController();
    const readers = await Promise.all(
      Array.from({ length: READERS }, async () => {
        const request = new Request('http://runs.test/api/events?session_id=chat&after_position=0', {
          headers: { Accept: 'text/event-stream' },
          signal: gone.signal,
        });
        return messagesOf(await handler(request));
      }),
    );
    const known = (await store.events(run.id)).length;
    for (let each = 0; each < known; each++) await Promise.all(readers.map((reader) => reader.next()));
    queries = 0;
    for (let turn = 1; turn <= 5; turn++) {
      const next = readers.map((reader) => reader.next());
      run.incrementTurn();
      const messages = await Promise.all(next);
      const told = messages.map(({ value }) => (value as { data: { data: object } }).data.data);
      expect(told).toEqual(Array.from({ length: READERS }, () => ({ turnCount: turn })));
    }
    expect(queries).toBeGreaterThan(0);
    expect(queries).toBeLessThan(READERS);
    gone.abort();
    await Promise.all(readers.map((reader) => reader.return(undefined)));
    run.cancel();
    await recorder.stop();
    await store.close();
    await writer.close();
  });
});
