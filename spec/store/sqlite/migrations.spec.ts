import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { Run } from 'agent-run';
import { SqliteRunStore } from 'agent-run/store/sqlite';
import Database from 'libsql';
import { ALL_COLUMNS } from '../../../lib/store/columns';
import { MIGRATIONS } from '../../../lib/store/sqlite/migrations';

/** A migration that is there for good: a change of the schema is another one, behind it. */
const HASHES = ['4b78975b75a21b135b0fb47e980905b2fd211ed27170085efd1b2e2d8fa39a88'];

describe('the migrations of SQLite', () => {
  it('are what they were when they were published', () => {
    const hashes = MIGRATIONS.map((text) => createHash('sha256').update(text).digest('hex'));
    expect(hashes).toEqual(HASHES);
  });

  it('make every column of the port', () => {
    const database = new Database(':memory:');
    new SqliteRunStore({ database });
    const columns = database.prepare(`SELECT name FROM pragma_table_info('agent_run_runs')`).all();
    expect((columns as { name: string }[]).map(({ name }) => name)).toEqual(
      expect.arrayContaining([...ALL_COLUMNS]),
    );
  });

  it('are applied once, under each prefix', async () => {
    const database = new Database(':memory:');
    const stores = ['a_', 'b_', 'a_'].map((tablePrefix) => new SqliteRunStore({ database, tablePrefix }));
    await stores[0]!.save(new Run({ sessionId: 'session-1', id: 'run_1' }));
    expect(await stores[1]!.get('run_1')).toBeNull();
    expect(await stores[2]!.get('run_1')).not.toBeNull();
    expect(database.prepare('SELECT version FROM a_migrations').all()).toMatchObject([{ version: 1 }]);
    const names = database.prepare(`SELECT name FROM sqlite_schema WHERE name LIKE 'agent_run%'`).all();
    expect(names).toEqual([]);
  });

  it('are applied once by many that open a new file at the same moment', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'agent-run-'));
    const path = join(folder, 'runs.db');
    const opening = `
      const { workerData } = require('node:worker_threads');
      const { register } = require('tsx/cjs/api');
      register();
      const { openBackend } = require(workerData.module);
      openBackend({ path: workerData.path, driver: 'libsql' }).close();`;
    const workerData = { module: join(__dirname, '../../../lib/store/sqlite/open.ts'), path };
    const exits = Array.from({ length: 4 }, () => {
      const worker = new Worker(opening, { eval: true, workerData });
      return new Promise((resolve, reject) => {
        worker.once('error', reject).once('exit', resolve);
      });
    });
    expect(await Promise.all(exits)).toEqual([0, 0, 0, 0]);
    const database = new Database(path);
    expect(database.prepare('SELECT version FROM agent_run_migrations').all()).toMatchObject([
      { version: 1 },
    ]);
    database.close();
    rmSync(folder, { recursive: true });
  });
});
