import { setTimeout } from 'node:timers/promises';
import { Run } from 'agent-run';
import type { JournalEntry } from 'agent-run/store';
import type { PostgresPool, PostgresResult } from 'agent-run/store/postgres';
import { PostgresRunStore } from 'agent-run/store/postgres';
import { Pool } from 'pg';
import type { TestDatabase } from '../../support/postgres';
import { createDatabase } from '../../support/postgres';

/** A pool whose statements are done, positions taken and all, long before they are committed. */
class LatePool implements PostgresPool {
  readonly #pool: Pool;
  /** Called between a write and its commit. */
  beforeCommit: () => Promise<void> = () => Promise.resolve();

  constructor(connectionString: string) {
    this.#pool = new Pool({ connectionString });
  }

  async query(text: string, values: unknown[] = []): Promise<PostgresResult> {
    if (!text.includes('INSERT')) return this.#pool.query(text, values);
    const client = await this.#pool.connect();
    await client.query('BEGIN');
    const result = await client.query(text, values);
    await this.beforeCommit();
    await client.query('COMMIT');
    client.release();
    return result;
  }

  connect: PostgresPool['connect'] = () => this.#pool.connect();

  on(event: 'error', listener: (error: Error) => void): this {
    this.#pool.on(event, listener);
    return this;
  }

  off(event: 'error', listener: (error: Error) => void): this {
    this.#pool.off(event, listener);
    return this;
  }

  end(): Promise<void> {
    return this.#pool.end();
  }
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
    const pool = new LatePool(database.url);
    const slow = new PostgresRunStore({ pool });
    const quick = new PostgresRunStore({ connectionString: database.url });
    const watcher = new PostgresRunStore({ connectionString: database.url });
    const [late, early] = [new Run({ sessionId: 'late' }), new Run({ sessionId: 'early' })];
    await Promise.all([slow.save(late), quick.save(early)]);
    const seen: JournalEntry[] = [];
    const watching = (async () => {
      for await (const entry of watcher.watch()) if (seen.push(entry) === 2) return;
    })();

    let quickSaved: Promise<void> | undefined;
    pool.beforeCommit = async () => {
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
