import { createApply } from './apply-function';
import type { Naming } from './names';

/**
 * The changes of the schema, in order; the version of a database is how many it has. None is ever
 * edited: there may be databases that have it. Later versions add to the end.
 */
export const MIGRATIONS: readonly ((naming: Naming) => string)[] = [
  (naming: Naming): string => createRuns(naming) + createJournal(naming) + createFunctions(naming),
  (naming: Naming): string => createApply(naming.tables),
];

/**
 * Payloads are `json`, which keeps the text as it came: `jsonb` reorders keys and refuses `\u0000`.
 * Ids compare by bytes (`COLLATE "C"`), so that pages are the same on every server and an index does
 * not depend on the version of a locale. Rows leave room in their pages: most updates touch no index.
 */
function createRuns({ prefix, tables: { runs } }: Naming): string {
  return `
CREATE TABLE ${runs} (
  id text COLLATE "C" PRIMARY KEY,
  session_id text COLLATE "C" NOT NULL,
  status text NOT NULL,
  active smallint NOT NULL,
  provider text,
  started_ms bigint NOT NULL,
  started_at text NOT NULL,
  ended_at text,
  turn_count bigint NOT NULL,
  cost_usd double precision,
  token_usage json NOT NULL,
  input json,
  output json,
  error json,
  metadata json NOT NULL,
  provider_metadata json NOT NULL,
  extra json,
  revision bigint NOT NULL,
  seq bigint NOT NULL,
  writer text NOT NULL,
  lease_owner text,
  lease_expires_ms bigint,
  touched_ms bigint NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX "${prefix}runs_by_time" ON ${runs} (started_ms, id);
CREATE INDEX "${prefix}runs_by_session" ON ${runs} (session_id, started_ms, id);
CREATE INDEX "${prefix}runs_by_status" ON ${runs} (status, started_ms, id);
CREATE INDEX "${prefix}runs_by_provider" ON ${runs} (provider, started_ms, id) WHERE provider IS NOT NULL;
CREATE INDEX "${prefix}runs_active" ON ${runs} (session_id, started_ms, id) WHERE active = 1;
`;
}

function createJournal({ prefix, tables: { journal, positions } }: Naming): string {
  return `
CREATE SEQUENCE ${positions};
CREATE TABLE ${journal} (
  run_id text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  session_id text COLLATE "C" NOT NULL,
  position bigint NOT NULL,
  type text NOT NULL,
  data json NOT NULL,
  at double precision NOT NULL,
  PRIMARY KEY (run_id, seq)
);
CREATE UNIQUE INDEX "${prefix}journal_by_position" ON ${journal} (position);
CREATE INDEX "${prefix}journal_by_session" ON ${journal} (session_id, position);
`;
}

function createFunctions({ prefix, tables: { runs, journal, holdSession, forget } }: Naming): string {
  return `
-- Waits until nobody else is starting a run in the session, then says whether it is free. As a
-- volatile function it sees what was committed while it waited; the statement around it does not.
-- Only processes that have not been updated yet still call it.
CREATE FUNCTION ${holdSession}(session text, run text) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(session, '${runs}'::regclass::oid::bigint));
  RETURN NOT EXISTS (SELECT FROM ${runs} WHERE session_id = session AND active = 1 AND id <> run);
END $$;

-- A foreign key would do the same and be checked for every entry that is written.
CREATE FUNCTION ${forget}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM ${journal} WHERE run_id IN (SELECT id FROM gone);
  RETURN NULL;
END $$;
CREATE TRIGGER "${prefix}forget" AFTER DELETE ON ${runs}
  REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION ${forget}();
`;
}
