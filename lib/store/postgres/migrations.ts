/**
 * The changes of the schema, in order; the version of a database is how many it has. None is ever
 * edited: there may be databases that have it. Later versions add to the end.
 *
 * `agent_run_` stands for whatever the names of the tables begin with. Names have no schema: the search
 * path is set around it, and kept by the functions.
 *
 * Payloads are `json`, which keeps the text as it came: `jsonb` reorders keys and refuses `\u0000`.
 * Ids compare by bytes (`COLLATE "C"`), so that pages are the same on every server and an index does
 * not depend on the version of a locale. Rows leave room in their pages: most updates touch no index.
 * Times are real ones; a text beside them is for those that came with digits that milliseconds lack.
 *
 * The function that applies a batch: one call is one round trip and one transaction.
 *
 * 1. Sessions that a run wants for itself are held until the transaction ends; what was committed
 *    while it waited, the statements after it see.
 * 2. Rows are updated and inserted where the conditions of their write hold, by ascending id, so that
 *    two batches cannot wait for each other.
 * 3. Members of metadata, and the journal.
 *
 * A function, because PostgreSQL keeps the plans of its statements for as long as a connection lives,
 * behind poolers too; a statement is planned anew for every batch. Plans are made for any batch and any
 * size of the tables, so whole tables are never read.
 *
 * Positions are taken under a lock that is kept until the commit is visible, so whoever reads a
 * position has seen, or will never see, every smaller one: nothing can commit behind a reader. Writers
 * wait for each other's commits here, which costs nothing more: PostgreSQL lets transactions that
 * notify commit one after the other anyway. A sequence does not go back when a transaction does, so
 * positions may have gaps, and no row is updated over and over as a counter would be.
 *
 * It returns what became of each write, in their order; null where all are applied.
 */
export const MIGRATIONS: readonly string[] = [
  `
CREATE TABLE agent_run_runs (
  id text COLLATE "C" PRIMARY KEY,
  session_id text COLLATE "C" NOT NULL,
  parent_run_id text COLLATE "C",
  root_run_id text COLLATE "C" NOT NULL,
  status text NOT NULL,
  running smallint NOT NULL,
  active smallint NOT NULL,
  awaits text,
  awaiting_expires_at timestamptz,
  provider text,
  started_ms bigint NOT NULL,
  started_at timestamptz NOT NULL,
  started_at_exact text,
  running_at timestamptz,
  running_at_exact text,
  ended_at timestamptz,
  ended_at_exact text,
  turn_count bigint NOT NULL,
  step_count bigint NOT NULL,
  cost_usd double precision,
  revision bigint NOT NULL,
  seq bigint NOT NULL,
  has_journal smallint NOT NULL,
  writer text NOT NULL,
  lease_owner text,
  lease_token text,
  lease_ms double precision,
  lease_expires_at timestamptz,
  touched_at timestamptz NOT NULL,
  token_usage json NOT NULL,
  usage_by_model json,
  metadata json NOT NULL,
  provider_metadata json NOT NULL,
  awaiting json,
  input json,
  output json,
  error json,
  extra json
) WITH (fillfactor = 60);
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

CREATE SEQUENCE agent_run_positions;
CREATE TABLE agent_run_journal (
  run_id text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  session_id text COLLATE "C" NOT NULL,
  position bigint NOT NULL,
  type text NOT NULL,
  data json NOT NULL,
  at double precision NOT NULL,
  PRIMARY KEY (run_id, seq)
);
CREATE UNIQUE INDEX agent_run_journal_by_position ON agent_run_journal (position);
CREATE INDEX agent_run_journal_by_session ON agent_run_journal (session_id, position);

CREATE TABLE agent_run_metadata (
  name text COLLATE "C" NOT NULL,
  value text COLLATE "C" NOT NULL,
  started_ms bigint NOT NULL,
  run_id text COLLATE "C" NOT NULL,
  PRIMARY KEY (name, value, started_ms, run_id)
);
CREATE INDEX agent_run_metadata_by_run ON agent_run_metadata (run_id);

-- Foreign keys would do the same and be checked for every entry that is written.
CREATE FUNCTION agent_run_forget() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
  DELETE FROM agent_run_journal WHERE run_id IN (SELECT id FROM gone);
  DELETE FROM agent_run_metadata WHERE run_id IN (SELECT id FROM gone);
  RETURN NULL;
END $$;
CREATE TRIGGER agent_run_forget AFTER DELETE ON agent_run_runs
  REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION agent_run_forget();

CREATE FUNCTION agent_run_apply(
  all_id text[],
  all_session_id text[],
  all_revision bigint[],
  all_next_revision bigint[],
  all_last_seq bigint[],
  all_writer text[],
  all_changed integer[],
  all_keeps_lease boolean[],
  all_lease_owner text[],
  all_lease_token text[],
  all_lease_ms double precision[],
  all_exclusive boolean[],
  all_parent_run_id text[],
  all_root_run_id text[],
  all_started_ms bigint[],
  all_started_at double precision[],
  all_started_at_exact text[],
  all_status text[],
  all_running smallint[],
  all_active smallint[],
  all_awaits text[],
  all_awaiting_expires_at double precision[],
  all_provider text[],
  all_running_at double precision[],
  all_running_at_exact text[],
  all_ended_at double precision[],
  all_ended_at_exact text[],
  all_turn_count bigint[],
  all_step_count bigint[],
  all_cost_usd double precision[],
  all_token_usage json[],
  all_usage_by_model json[],
  all_metadata json[],
  all_provider_metadata json[],
  all_awaiting json[],
  all_input json[],
  all_output json[],
  all_error json[],
  all_extra json[],
  entry_run_id text[],
  entry_seq bigint[],
  entry_session_id text[],
  entry_type text[],
  entry_data json[],
  entry_at double precision[],
  replaced_members text[],
  member_run_id text[],
  member_name text[],
  member_value text[],
  channel text,
  payloads text[]
) RETURNS text[] LANGUAGE plpgsql VOLATILE
SET search_path FROM CURRENT SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
  busy text[] := '{}';
  updated text[];
  inserted text[];
  applied text[];
  is_whole boolean;
  now_at timestamptz;
BEGIN
  -- What was committed while this waits for a session has to be seen.
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION USING ERRCODE = 'AR001', MESSAGE = 'agent-run writes under READ COMMITTED';
  END IF;
  IF true = ANY (all_exclusive) THEN
    PERFORM pg_advisory_xact_lock(hashtextextended(wanted.session_id, 'agent_run_runs'::regclass::oid::bigint))
    FROM (SELECT w.session_id FROM unnest(all_session_id, all_exclusive) AS w(session_id, exclusive)
      WHERE w.exclusive ORDER BY w.session_id OFFSET 0) AS wanted;
    busy := ARRAY(SELECT w.id FROM unnest(all_id, all_session_id, all_exclusive) AS w(id, session_id, exclusive)
      WHERE w.exclusive AND EXISTS (SELECT FROM agent_run_runs AS r
        WHERE r.session_id = w.session_id AND r.active = 1 AND r.id <> w.id));
  END IF;
  now_at := clock_timestamp();
  IF 0 < ANY (all_revision) THEN
    WITH changed AS (
      UPDATE agent_run_runs AS r SET
        status = CASE WHEN w.changed & 1 <> 0 THEN w.status ELSE r.status END,
        running = CASE WHEN w.changed & 2 <> 0 THEN w.running ELSE r.running END,
        active = CASE WHEN w.changed & 4 <> 0 THEN w.active ELSE r.active END,
        awaits = CASE WHEN w.changed & 8 <> 0 THEN w.awaits ELSE r.awaits END,
        awaiting_expires_at = CASE WHEN w.changed & 16 <> 0
          THEN to_timestamp(w.awaiting_expires_at) ELSE r.awaiting_expires_at END,
        provider = CASE WHEN w.changed & 32 <> 0 THEN w.provider ELSE r.provider END,
        running_at = CASE WHEN w.changed & 64 <> 0 THEN to_timestamp(w.running_at) ELSE r.running_at END,
        running_at_exact = CASE WHEN w.changed & 64 <> 0 THEN w.running_at_exact ELSE r.running_at_exact END,
        ended_at = CASE WHEN w.changed & 128 <> 0 THEN to_timestamp(w.ended_at) ELSE r.ended_at END,
        ended_at_exact = CASE WHEN w.changed & 128 <> 0 THEN w.ended_at_exact ELSE r.ended_at_exact END,
        turn_count = CASE WHEN w.changed & 256 <> 0 THEN w.turn_count ELSE r.turn_count END,
        step_count = CASE WHEN w.changed & 512 <> 0 THEN w.step_count ELSE r.step_count END,
        cost_usd = CASE WHEN w.changed & 1024 <> 0 THEN w.cost_usd ELSE r.cost_usd END,
        token_usage = CASE WHEN w.changed & 2048 <> 0 THEN w.token_usage ELSE r.token_usage END,
        usage_by_model = CASE WHEN w.changed & 4096 <> 0 THEN w.usage_by_model ELSE r.usage_by_model END,
        metadata = CASE WHEN w.changed & 8192 <> 0 THEN w.metadata ELSE r.metadata END,
        provider_metadata = CASE WHEN w.changed & 16384 <> 0 THEN w.provider_metadata ELSE r.provider_metadata END,
        awaiting = CASE WHEN w.changed & 32768 <> 0 THEN w.awaiting ELSE r.awaiting END,
        input = CASE WHEN w.changed & 65536 <> 0 THEN w.input ELSE r.input END,
        output = CASE WHEN w.changed & 131072 <> 0 THEN w.output ELSE r.output END,
        error = CASE WHEN w.changed & 262144 <> 0 THEN w.error ELSE r.error END,
        extra = CASE WHEN w.changed & 524288 <> 0 THEN w.extra ELSE r.extra END,
        revision = w.next_revision, seq = coalesce(w.last_seq, r.seq), writer = w.writer, touched_at = now_at,
        has_journal = CASE WHEN w.last_seq IS NULL THEN r.has_journal ELSE 1 END,
        lease_owner = CASE WHEN w.keeps_lease THEN r.lease_owner ELSE w.lease_owner END,
        lease_token = CASE WHEN w.keeps_lease THEN r.lease_token ELSE w.lease_token END,
        lease_ms = CASE WHEN w.keeps_lease THEN r.lease_ms ELSE w.lease_ms END,
        lease_expires_at = CASE WHEN w.keeps_lease THEN r.lease_expires_at
          ELSE now_at + w.lease_ms * interval '1 millisecond' END
      FROM (SELECT * FROM unnest(all_id, all_revision, all_next_revision, all_last_seq, all_writer, all_changed,
          all_keeps_lease, all_lease_owner, all_lease_token, all_lease_ms, all_status, all_running, all_active,
          all_awaits, all_awaiting_expires_at, all_provider, all_running_at, all_running_at_exact, all_ended_at,
          all_ended_at_exact, all_turn_count, all_step_count, all_cost_usd, all_token_usage, all_usage_by_model,
          all_metadata, all_provider_metadata, all_awaiting, all_input, all_output, all_error, all_extra)
        AS w(id, revision, next_revision, last_seq, writer, changed, keeps_lease, lease_owner, lease_token, lease_ms,
          status, running, active, awaits, awaiting_expires_at, provider, running_at, running_at_exact, ended_at,
          ended_at_exact, turn_count, step_count, cost_usd, token_usage, usage_by_model, metadata, provider_metadata,
          awaiting, input, output, error, extra)
        WHERE w.revision > 0 ORDER BY w.id OFFSET 0) AS w
      WHERE r.id = w.id AND r.revision = w.revision AND w.id <> ALL (busy)
        AND (w.lease_token IS NULL OR r.lease_token IS NULL OR r.lease_token = w.lease_token
          OR r.lease_expires_at <= clock_timestamp())
      RETURNING r.id
    ) SELECT array_agg(id) INTO updated FROM changed;
  END IF;
  IF 0 = ANY (all_revision) THEN
    WITH added AS (
      INSERT INTO agent_run_runs (id, session_id, parent_run_id, root_run_id, status, running, active, awaits,
        awaiting_expires_at, provider, started_ms, started_at, started_at_exact, running_at, running_at_exact,
        ended_at, ended_at_exact, turn_count, step_count, cost_usd, token_usage, usage_by_model, metadata,
        provider_metadata, awaiting, input, output, error, extra, revision, seq, has_journal, writer, touched_at,
        lease_owner, lease_token, lease_ms, lease_expires_at)
      SELECT w.id, w.session_id, w.parent_run_id, w.root_run_id, w.status, w.running, w.active, w.awaits,
        to_timestamp(w.awaiting_expires_at), w.provider, w.started_ms, to_timestamp(w.started_at),
        w.started_at_exact, to_timestamp(w.running_at), w.running_at_exact, to_timestamp(w.ended_at),
        w.ended_at_exact, w.turn_count, w.step_count, w.cost_usd, w.token_usage, w.usage_by_model, w.metadata,
        w.provider_metadata, w.awaiting, w.input, w.output, w.error, w.extra, w.next_revision,
        coalesce(w.last_seq, 0), CASE WHEN w.last_seq IS NULL THEN 0 ELSE 1 END, w.writer, now_at, w.lease_owner,
        w.lease_token, w.lease_ms, now_at + w.lease_ms * interval '1 millisecond'
      FROM unnest(all_id, all_session_id, all_revision, all_next_revision, all_last_seq, all_writer,
          all_lease_owner, all_lease_token, all_lease_ms, all_parent_run_id, all_root_run_id, all_started_ms,
          all_started_at, all_started_at_exact, all_status, all_running, all_active, all_awaits,
          all_awaiting_expires_at, all_provider, all_running_at, all_running_at_exact, all_ended_at,
          all_ended_at_exact, all_turn_count, all_step_count, all_cost_usd, all_token_usage, all_usage_by_model,
          all_metadata, all_provider_metadata, all_awaiting, all_input, all_output, all_error, all_extra)
        AS w(id, session_id, revision, next_revision, last_seq, writer, lease_owner, lease_token, lease_ms,
          parent_run_id, root_run_id, started_ms, started_at, started_at_exact, status, running, active, awaits,
          awaiting_expires_at, provider, running_at, running_at_exact, ended_at, ended_at_exact, turn_count,
          step_count, cost_usd, token_usage, usage_by_model, metadata, provider_metadata, awaiting, input, output,
          error, extra)
      WHERE w.revision = 0 AND w.id <> ALL (busy) ORDER BY w.id
      ON CONFLICT (id) DO NOTHING RETURNING id
    ) SELECT array_agg(id) INTO inserted FROM added;
  END IF;
  applied := updated || inserted;
  is_whole := cardinality(applied) = cardinality(all_id);
  IF replaced_members IS NOT NULL AND updated IS NOT NULL THEN
    DELETE FROM agent_run_metadata WHERE run_id = ANY (replaced_members) AND run_id = ANY (updated);
  END IF;
  IF member_run_id IS NOT NULL AND applied IS NOT NULL THEN
    INSERT INTO agent_run_metadata (name, value, started_ms, run_id)
    SELECT m.name, m.value, r.started_ms, r.id
    FROM unnest(member_run_id, member_name, member_value) AS m(run_id, name, value)
    JOIN agent_run_runs AS r ON r.id = m.run_id WHERE is_whole OR m.run_id = ANY (applied);
  END IF;
  IF payloads IS NOT NULL AND applied IS NOT NULL THEN
    PERFORM pg_advisory_xact_lock(1634169454, 'agent_run_journal'::regclass::oid::integer);
    PERFORM pg_notify(channel, payload) FROM unnest(payloads) AS payload;
    INSERT INTO agent_run_journal (position, run_id, seq, session_id, type, data, at)
    SELECT nextval('agent_run_positions'), e.run_id, e.seq, e.session_id, e.type, e.data, e.at
    FROM unnest(entry_run_id, entry_seq, entry_session_id, entry_type, entry_data, entry_at)
      AS e(run_id, seq, session_id, type, data, at) WHERE is_whole OR e.run_id = ANY (applied);
  END IF;
  IF is_whole THEN
    RETURN NULL;
  END IF;
  -- Why what is not applied is not: its conditions once more, against the rows as they stand.
  RETURN ARRAY(
    SELECT CASE
      WHEN w.id = ANY (applied) THEN 'applied'
      WHEN w.revision <> coalesce(r.revision, 0) THEN 'stale'
      WHEN w.id = ANY (busy) AND (w.lease_token IS NULL OR r.lease_token IS NULL OR r.lease_token = w.lease_token
        OR r.lease_expires_at <= now_at) THEN 'busy'
      ELSE 'leased' END
    FROM unnest(all_id, all_revision, all_lease_token) WITH ORDINALITY AS w(id, revision, lease_token, n)
    LEFT JOIN agent_run_runs AS r ON r.id = w.id ORDER BY w.n);
END $$;
`,
];
