import { setTimeout } from 'node:timers/promises';
import { Run } from 'agent-run';
import type { JournalEntry } from 'agent-run/store';
import type { PostgresClient, PostgresPool, PostgresResult } from 'agent-run/store/postgres';
import { PostgresRunStore } from 'agent-run/store/postgres';
import type { Pool } from 'pg';
import type { TestDatabase } from '../../support/postgres';
import { createDatabase, createPool } from '../../support/postgres';
import { passingPool } from './passing-pool';

/** A pool whose writes are done, positions taken and all, long before they are committed. */
function latePool(pool: Pool, beforeCommit: () => Promise<void>): PostgresPool {
  const connect = async (): Promise<PostgresClient> => {
    const client = await pool.connect();
    const query = async (text: string, values: unknown[] = []): Promise<PostgresResult> => {
      if (!/^SELECT \S*apply\S*\(/.test(text)) return client.query(text, values);
      await client.query('BEGIN');
      const result = await client.query(text, values);
      await beforeCommit();
      await client.query('COMMIT');
      return result;
    };
    return {
      query,
      on: (event: string, listener: never) => client.on(event as 'error', listener),
      off: (event, listener) => client.off(event, listener),
      release: (destroy) => client.release(destroy),
    };
  };
  return { ...passingPool(pool), connect };
}

describe('a write that takes its positions early and commits late', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createDatabase();
  });

  afterAll(async () => {
    await database.drop();
  });

  it('is not missed by a watch: nothing commits behind a reader', async () => {
    const pool = createPool(database.url);
    let beforeCommit = (): Promise<void> => Promise.resolve();
    const slow = new PostgresRunStore({ pool: latePool(pool, () => beforeCommit()) });
    const quick = new PostgresRunStore({ connectionString: database.url });
    const watcher = new PostgresRunStore({ connectionString: database.url });
    const [late, early] = [new Run({ sessionId: 'late' }), new Run({ sessionId: 'early' })];
    await Promise.all([slow.save(late), quick.save(early)]);
    const seen: JournalEntry[] = [];
    const watching = (async () => {
      const { position: afterPosition } = (await watcher.events(early.id)).at(-1)!;
      const { position } = (await watcher.events(late.id)).at(-1)!;
      const known = Math.max(afterPosition, position);
      for await (const entry of watcher.watch({ afterPosition: known })) if (seen.push(entry) === 2) return;
    })();

    let quickSaved: Promise<void> | undefined;
    beforeCommit = async (): Promise<void> => {
      // The late one has its position and is not committed: now the other one writes.
      quickSaved = quick.save(early.updateStatus('running'));
      await setTimeout(300);
      expect(seen).toEqual([]);
    };
    await slow.save(late.updateStatus('running'));
    await quickSaved;
    await watching;

    expect(seen.map(({ sessionId }) => sessionId)).toEqual(['late', 'early']);
    expect(seen[0]!.position).toBeLessThan(seen[1]!.position);
    await Promise.all([slow.close(), quick.close(), watcher.close()]);
    await pool.end();
  });
});
