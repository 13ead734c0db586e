import { Run } from 'agent-run';
import { PostgresRunStore } from 'agent-run/store/postgres';
import { MIGRATIONS } from '../../../lib/store/postgres/migrations';
import { readNaming } from '../../../lib/store/postgres/names';
import type { TestDatabase } from '../../support/postgres';
import { createDatabase } from '../../support/postgres';

describe('a database of the first schema', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createDatabase();
  });

  afterAll(() => database.drop());

  it('keeps its runs, and is written to from then on', async () => {
    const [first] = MIGRATIONS;
    await database.query(first!(readNaming({})));
    await database.query(
      'CREATE TABLE agent_run_migrations (version integer PRIMARY KEY, applied_at timestamptz DEFAULT now())',
    );
    await database.query('INSERT INTO agent_run_migrations (version) VALUES (1)');
    await database.query(`INSERT INTO agent_run_runs (id, session_id, status, active, started_ms, started_at,
      turn_count, token_usage, metadata, provider_metadata, revision, seq, writer, touched_ms)
      VALUES ('run_1', 'session-1', 'running', 1, 1772366400000, '2026-03-01T12:00:00.000Z',
      3, '{"input_tokens":5}', '{}', '{}', 4, 2, 'writer', 1772366400000)`);
    const store = new PostgresRunStore({ connectionString: database.url });
    const run = (await store.get('run_1'))!;
    expect(run.turnCount).toBe(3);
    const recorder = store.track(run);
    run.incrementTurn().setOutput({});
    await recorder.flush();
    await store.track(new Run({ sessionId: 'session-1' })).flush();
    expect(await store.events('run_1')).toMatchObject([{ seq: 3 }, { seq: 4 }]);
    await store.close();
    const versions = await database.query('SELECT version FROM agent_run_migrations ORDER BY version');
    expect(versions).toEqual([{ version: 1 }, { version: 2 }]);
  });
});
