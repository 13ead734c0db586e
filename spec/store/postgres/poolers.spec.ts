import { Run } from 'agent-run';
import { PostgresRunStore } from 'agent-run/store/postgres';
import type { PoolerSettings } from '../../support/pgbouncer';
import { hasPgbouncer, Pgbouncer } from '../../support/pgbouncer';
import type { TestDatabase } from '../../support/postgres';
import { createDatabase } from '../../support/postgres';
import { until } from '../contract/test-database';

// Visibly skipped where there is none; the hosted CI has it.
const describeWithPooler = hasPgbouncer ? describe : describe.skip;

describeWithPooler('PostgresRunStore through pgbouncer', () => {
  let database: TestDatabase;
  let pooler: Pgbouncer | undefined;

  beforeAll(async () => {
    database = await createDatabase();
  });

  afterEach(() => {
    pooler?.stop();
    pooler = undefined;
  });

  afterAll(() => database.drop());

  it.each<PoolerSettings>([
    { mode: 'session', size: 1 },
    { mode: 'session', size: 3 },
    { mode: 'transaction', size: 1 },
    { mode: 'transaction', size: 3 },
  ])('stores, cancels and hears of it, with %j', async (settings) => {
    pooler = await Pgbouncer.start(database.url, settings);
    const worker = new PostgresRunStore({ connectionString: pooler.url, pollMs: 20 });
    const service = new PostgresRunStore({ connectionString: database.url });
    const run = new Run({ sessionId: 'session-1' });
    const errors: string[] = [];
    const recorder = worker.track(run, { onError: ({ error }) => errors.push(error.message) });
    run.updateStatus('running');
    await recorder.flush();
    // Connections that nobody uses made room for one that waited, before it was given up.
    expect(errors).toEqual([]);
    await service.cancel(run.id);
    await until(() => run.isTerminal);
    expect(run.status).toBe('cancelled');
    const other = new Run({ sessionId: 'session-1' });
    await worker.save(other);
    expect((await worker.cancel(other.id)).status).toBe('cancelled');
    await worker.close();
    await service.close();
  });

  it('says of statement mode that no repetition mends it', async () => {
    pooler = await Pgbouncer.start(database.url, { mode: 'statement', size: 2 });
    const store = new PostgresRunStore({ connectionString: pooler.url, schema: 'not_there_yet' });
    await expect(store.get('run_1')).rejects.toMatchObject({
      code: 'storage_error',
      retryable: false,
      message: expect.stringContaining('pool_mode = transaction') as unknown,
    });
    await store.close();
  });
});
