import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { SqliteRunStore } from 'agent-run/store/sqlite';
import { take } from '../contract/test-database';

const RUNNING = 'run_00000000000000000000000000000001';
const COMPLETED = 'run_00000000000000000000000000000002';
const SEQS = Array.from({ length: 71 }, (_, index) => index + 1);

/** A file of the first schema: a run that had 71 entries, and one of the same session that had 9 between them. */
function firstSchema(): Database.Database {
  const database = new Database(':memory:');
  database.exec(readFileSync(join(__dirname, '../../fixtures/sqlite-schema-1.sql'), 'utf8'));
  return database;
}

describe('a file of the first schema', () => {
  it('keeps its runs and their journals', async () => {
    const store = new SqliteRunStore({ database: firstSchema() });
    expect((await store.get(RUNNING))?.toJSON()).toMatchObject({ status: 'running', turn_count: 35 });
    expect(await store.get(COMPLETED)).toMatchObject({ status: 'completed', output: { response: 'Hello!' } });
    expect((await store.events(RUNNING)).map(({ seq }) => seq)).toEqual(SEQS);
    expect((await store.events(RUNNING, { afterSeq: 40, limit: 10 })).map(({ seq }) => seq)).toEqual(
      SEQS.slice(40, 50),
    );
    const session = await take(store.watch({ sessionId: 'session-1' }), 80);
    expect(session.map(({ position }) => position)).toEqual(
      Array.from({ length: 80 }, (_, index) => index + 1),
    );
  });

  it('goes on from where they stand', async () => {
    const store = new SqliteRunStore({ database: firstSchema() });
    const run = (await store.get(RUNNING))!;
    const recorder = store.track(run);
    run.incrementTurn().setOutput({});
    await recorder.flush();
    const [turn, end] = await store.events(RUNNING, { afterSeq: 71 });
    expect([turn, end]).toMatchObject([
      { seq: 72, position: 81 },
      { seq: 73, position: 82 },
    ]);
    expect(await store.delete(RUNNING)).toBe(true);
    expect(await store.events(COMPLETED)).toHaveLength(9);
  });

  it('is brought up to date once', () => {
    const database = firstSchema();
    new SqliteRunStore({ database });
    new SqliteRunStore({ database });
    const sql = `SELECT value FROM agent_run_meta WHERE name = 'schema_version'`;
    expect(database.prepare(sql).get()).toMatchObject({ value: 2 });
  });
});
