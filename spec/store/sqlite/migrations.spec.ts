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

  it('are applied whole, or not at all', async () => {
    const database = new Database(':memory:');
    database.exec('CREATE TABLE agent_run_positions (mine INTEGER)');
    expect(() => new SqliteRunStore({ database })).toThrow(/agent_run_positions already exists/);
    const tables = (): unknown[] =>
      (database.prepare('SELECT name FROM sqlite_schema').all() as { name: string }[]).map(
        ({ name }) => name,
      );
    expect(tables()).toEqual(['agent_run_positions']);
    database.exec('DROP TABLE agent_run_positions');
    const store = new SqliteRunStore({ database });
    await store.save(new Run({ sessionId: 'session-1', id: 'run_1' }));
    expect(await store.get('run_1')).not.toBeNull();
  });

  it('are begun where another has made the table of versions, and nothing else', () => {
    const database = new Database(':memory:');
    database.exec(
      'CREATE TABLE agent_run_migrations (version INTEGER PRIMARY KEY, applied_at TEXT NOT NULL)',
    );
    expect(() => new SqliteRunStore({ database, mustExist: true })).toThrow(/no tables of agent-run/);
    new SqliteRunStore({ database });
    const [row] = database.prepare('SELECT version, applied_at FROM agent_run_migrations').all();
    expect(row).toMatchObject({ version: 1, applied_at: expect.stringMatching(/^2\d{3}-.*Z$/) as string });
  });

  it('are none where the schema is up to date: it is only read', () => {
    const database = new Database(':memory:');
    new SqliteRunStore({ database });
    const exec = jest.spyOn(database, 'exec');
    new SqliteRunStore({ database });
    new SqliteRunStore({ database, readOnly: true });
    new SqliteRunStore({ database, mustExist: true });
    expect(exec.mock.calls.filter(([sql]) => !sql.startsWith('PRAGMA busy_timeout'))).toEqual([]);
  });

  it.each([
    ['a later version', 99, /schema version 99.*upgrade agent-run/],
    ['another version', -1, /tables of an earlier version \(-1\), and is only to be read/],
  ])('keep from reading tables of %s', (_, version, message) => {
    const database = new Database(':memory:');
    new SqliteRunStore({ database });
    database.exec(`UPDATE agent_run_migrations SET version = ${version}`);
    expect(() => new SqliteRunStore({ database, readOnly: true })).toThrow(message);
    expect(database.open).toBe(true);
    database.close();
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
