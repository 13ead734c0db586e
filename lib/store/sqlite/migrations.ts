import { newerSchemaError } from '../storage-error';
import type { SqliteConnection } from './connection';
import { isMark } from './tables';
import type { SqliteTables } from './tables';

/** The schema, step by step. A step is never changed: there may be files that have it. */
const MIGRATIONS: readonly ((tables: SqliteTables) => string)[] = [
  ({ runs, journal, meta, prefix }) => `
    CREATE TABLE ${runs} (
      key INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      session_id TEXT NOT NULL,
      status TEXT NOT NULL,
      active INTEGER NOT NULL,
      provider TEXT,
      started_ms INTEGER NOT NULL,
      started_at TEXT NOT NULL,
      ended_at TEXT,
      turn_count INTEGER NOT NULL,
      cost_usd REAL,
      token_usage TEXT NOT NULL,
      input TEXT,
      output TEXT,
      error TEXT,
      metadata TEXT NOT NULL,
      provider_metadata TEXT NOT NULL,
      extra TEXT,
      revision INTEGER NOT NULL,
      seq INTEGER NOT NULL,
      writer TEXT NOT NULL,
      lease_owner TEXT,
      lease_expires_ms INTEGER,
      touched_ms INTEGER NOT NULL,
      last_position INTEGER NOT NULL
    );
    CREATE INDEX ${prefix}runs_by_start ON ${runs} (started_ms, id);
    CREATE INDEX ${prefix}runs_by_session ON ${runs} (session_id, started_ms, id);
    CREATE INDEX ${prefix}runs_by_status ON ${runs} (status, started_ms, id);
    CREATE INDEX ${prefix}runs_by_provider ON ${runs} (provider, started_ms, id);
    CREATE INDEX ${prefix}runs_active ON ${runs} (session_id, started_ms, id) WHERE active = 1;
    CREATE TABLE ${journal} (
      position INTEGER PRIMARY KEY,
      run INTEGER NOT NULL,
      seq INTEGER NOT NULL,
      type TEXT NOT NULL,
      data TEXT NOT NULL,
      at INTEGER NOT NULL
    );
    CREATE UNIQUE INDEX ${prefix}journal_by_run ON ${journal} (run, seq);
    INSERT INTO ${meta} (name, value) VALUES ('position_floor', 0);
  `,
  chainJournal,
];

/**
 * Makes a chain of the entries of a run: its row has the position of the last one, each entry that of
 * the one before. An index of them all costs a page of the file for every run of a batch, as much as
 * the rest of the batch. One entry in 64 is in an index: a long chain need not be followed from its end.
 */
function chainJournal({ journal, prefix }: SqliteTables): string {
  return `
    CREATE TABLE ${prefix}chain (
      position INTEGER PRIMARY KEY,
      previous INTEGER NOT NULL,
      run INTEGER NOT NULL,
      seq INTEGER NOT NULL,
      type TEXT NOT NULL,
      data TEXT NOT NULL,
      at INTEGER NOT NULL
    );
    INSERT INTO ${prefix}chain (position, previous, run, seq, type, data, at)
      SELECT j.position, coalesce((SELECT e.position FROM ${journal} e WHERE e.run = j.run AND e.seq = j.seq - 1), 0),
        j.run, j.seq, j.type, j.data, j.at
      FROM ${journal} j ORDER BY j.position;
    DROP TABLE ${journal};
    ALTER TABLE ${prefix}chain RENAME TO ${journal};
    CREATE UNIQUE INDEX ${prefix}journal_marks ON ${journal} (run, seq) WHERE ${isMark('seq')};
  `;
}

/**
 * Brings the schema up to date. Safe for any number of processes at once: the first does the work.
 *
 * @throws {RunError} `storage_error` when a later version of this package has been here.
 */
export function migrate(connection: SqliteConnection, tables: SqliteTables): void {
  connection.transaction(() => {
    const { meta } = tables;
    connection.exec(`CREATE TABLE IF NOT EXISTS ${meta} (name TEXT PRIMARY KEY, value INTEGER NOT NULL)`);
    const version = versionIn(connection, tables);
    if (version > MIGRATIONS.length) throw newerSchemaError(version, MIGRATIONS.length);
    for (const step of MIGRATIONS.slice(version)) connection.exec(step(tables));
    if (version === MIGRATIONS.length) return;
    const sql = `INSERT OR REPLACE INTO ${meta} (name, value) VALUES ('schema_version', ?)`;
    connection.run(sql, [MIGRATIONS.length]);
  });
}

function versionIn(connection: SqliteConnection, { meta }: SqliteTables): number {
  const row = connection.get(`SELECT value FROM ${meta} WHERE name = 'schema_version'`);
  return (row as { value: number } | undefined)?.value ?? 0;
}
