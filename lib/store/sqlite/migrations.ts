/**
 * The changes of the schema, in order; the version of a file is how many it has. None is ever edited:
 * there may be files that have it. Later versions add to the end.
 *
 * `agent_run_` stands for whatever the names of the tables begin with.
 */
export const MIGRATIONS: readonly string[] = [
  `
CREATE TABLE agent_run_runs (
  key INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  session_id TEXT NOT NULL,
  parent_run_id TEXT,
  root_run_id TEXT NOT NULL,
  status TEXT NOT NULL,
  running INTEGER NOT NULL,
  active INTEGER NOT NULL,
  awaits TEXT,
  awaiting_expires_ms INTEGER,
  provider TEXT,
  started_ms INTEGER NOT NULL,
  started_at TEXT NOT NULL,
  running_at TEXT,
  ended_at TEXT,
  turn_count INTEGER NOT NULL,
  step_count INTEGER NOT NULL,
  cost_usd REAL,
  revision INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  has_journal INTEGER NOT NULL,
  writer TEXT NOT NULL,
  lease_owner TEXT,
  lease_token TEXT,
  lease_ms INTEGER,
  lease_expires_ms INTEGER,
  touched_ms INTEGER NOT NULL,
  token_usage TEXT NOT NULL,
  usage_by_model TEXT,
  metadata TEXT NOT NULL,
  provider_metadata TEXT NOT NULL,
  awaiting TEXT,
  input TEXT,
  output TEXT,
  error TEXT,
  extra TEXT
) STRICT;
CREATE INDEX agent_run_runs_by_start ON agent_run_runs (started_ms, id);
CREATE INDEX agent_run_runs_by_session ON agent_run_runs (session_id, started_ms, id);
CREATE INDEX agent_run_runs_by_status ON agent_run_runs (status, started_ms, id);
CREATE INDEX agent_run_runs_by_provider ON agent_run_runs (provider, started_ms, id) WHERE provider IS NOT NULL;
CREATE INDEX agent_run_runs_by_parent ON agent_run_runs (parent_run_id, started_ms, id);
CREATE INDEX agent_run_runs_by_root ON agent_run_runs (root_run_id, started_ms, id);
CREATE INDEX agent_run_runs_active ON agent_run_runs (session_id, started_ms, id) WHERE active = 1;
CREATE INDEX agent_run_runs_running ON agent_run_runs (started_ms, id) WHERE running = 1;
CREATE INDEX agent_run_runs_awaiting ON agent_run_runs (awaits, started_ms, id) WHERE awaits IS NOT NULL;
CREATE INDEX agent_run_runs_ended ON agent_run_runs (ended_at, id) WHERE ended_at IS NOT NULL;
CREATE INDEX agent_run_runs_with_journal ON agent_run_runs (ended_at, id)
  WHERE ended_at IS NOT NULL AND has_journal = 1;
CREATE TABLE agent_run_journal (
  position INTEGER PRIMARY KEY,
  run INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  type TEXT NOT NULL,
  data TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX agent_run_journal_by_run ON agent_run_journal (run, seq);
CREATE TABLE agent_run_metadata (
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  started_ms INTEGER NOT NULL,
  run_id TEXT NOT NULL,
  PRIMARY KEY (name, value, started_ms, run_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX agent_run_metadata_by_run ON agent_run_metadata (run_id);
CREATE TABLE agent_run_positions (given INTEGER NOT NULL) STRICT;
INSERT INTO agent_run_positions (given) VALUES (0);
`,
];
