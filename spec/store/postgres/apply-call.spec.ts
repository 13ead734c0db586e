import { Run } from 'agent-run';
import { PostgresRunStore } from 'agent-run/store/postgres';
import { Client } from 'pg';
import type { RunWrite } from '../../../lib/store/backend';
import { columnsOf, RECORD_COLUMNS } from '../../../lib/store/columns';
import { applyCall } from '../../../lib/store/postgres/apply';
import { LOCK_CLASS, namingOf } from '../../../lib/store/postgres/names';
import { openBackend } from '../../../lib/store/postgres/open';
import type { TestDatabase } from '../../support/postgres';
import { createDatabase } from '../../support/postgres';
import { runOf, until } from '../contract/test-database';

/** Texts that mean something where PostgreSQL reads an array. */
const TEXTS = [
  'plain',
  'NULL',
  '{a,b}',
  'a,"b"',
  'back\\slash\\',
  'line\nfeed\ttab\r',
  '\u0001mark',
  '\u007f\u2028',
  ' 🙂 ',
  '',
];

const ENTRY = { seq: 1, type: 'noted', data: '{}', at: 0 };

/** A write that changes nothing, as the renewal of a lease. */
function writeOf(write: Partial<RunWrite> = {}): RunWrite {
  return {
    id: 'run_1',
    sessionId: 'session-1',
    revision: 1,
    nextRevision: 1,
    writer: 'writer',
    columns: {},
    entries: [],
    lease: 'keep',
    exclusive: false,
    ...write,
  };
}

function insertOf(record: Readonly<Record<string, unknown>>, write: Partial<RunWrite> = {}): RunWrite {
  const run = runOf(record);
  const columns = columnsOf(run, RECORD_COLUMNS);
  return writeOf({ id: run.id, revision: 0, columns, entries: [ENTRY], ...write });
}

describe('applyCall()', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createDatabase();
  });

  afterAll(async () => {
    await database.drop();
  });

  it('writes many runs in one call, whatever letters their texts have', async () => {
    const store = new PostgresRunStore({ connectionString: database.url });
    const runs = TEXTS.map(
      (text, index) =>
        new Run({
          id: `run_${index}_${text}`,
          sessionId: `session-${text}`,
          provider: text === '' ? undefined : text,
          input: { [text]: text },
          metadata: { texts: TEXTS },
        }),
    );
    const recorders = runs.map((run) => store.track(run.updateStatus('running')));
    await Promise.all(recorders.map((recorder) => recorder.flush()));
    for (const run of runs) run.incrementTurn().updateTokenUsage({ output_tokens: 1 });
    runs[0]!.setOutput({ texts: TEXTS });
    await Promise.all(recorders.map((recorder) => recorder.stop()));
    for (const run of runs) {
      expect((await store.get(run.id))?.toJSON()).toEqual(run.toJSON());
      const types = (await store.events(run.id)).map(({ type }) => type);
      expect(types.slice(-2 - Number(run.isTerminal))).toEqual([
        'turnIncremented',
        'usageUpdated',
        ...(run.isTerminal ? ['statusChanged'] : []),
      ]);
    }
    await store.close();
  });

  describe('sends', () => {
    let names: readonly string[];

    const valuesOf = (...writes: RunWrite[]): [string, unknown][] => {
      const { values } = applyCall(namingOf({}).tables, writes, 'channel', 'source');
      expect(values).toHaveLength(names.length);
      return names.map((name, index) => [name, values[index]]);
    };
    /** What of the function's parameters has a value. */
    const sent = (...writes: RunWrite[]): string[] =>
      valuesOf(...writes).flatMap(([name, value]) => (value === null ? [] : [name]));
    /** What is sent for these, and not for the renewal of a lease. */
    const more = (...writes: RunWrite[]): string[] => {
      const always = sent(writeOf());
      return sent(...writes).filter((name) => !always.includes(name));
    };

    beforeAll(async () => {
      const store = new PostgresRunStore({ connectionString: database.url });
      await store.get('run_none');
      await store.close();
      const [row] = await database.query(
        "SELECT proargnames AS names FROM pg_proc WHERE proname = 'agent_run_apply'",
      );
      names = row!['names'] as string[];
    });

    it('nothing of a run for the renewal of a lease', () => {
      expect(sent(writeOf()).filter((name) => !name.startsWith('entry_'))).toEqual([
        'all_id',
        'all_session_id',
        'all_revision',
        'all_next_revision',
        'all_last_seq',
        'all_writer',
        'all_changed',
        'all_keeps_lease',
        'all_lease_owner',
        'all_lease_token',
        'all_lease_ms',
        'all_exclusive',
        'channel',
      ]);
    });

    it('the columns that any of the writes changes, and no others', () => {
      expect(more(writeOf({ columns: { turn_count: 1 } }))).toEqual(['all_turn_count']);
      expect(more(writeOf(), writeOf({ columns: { turn_count: 1 } }), writeOf())).toEqual(['all_turn_count']);
      expect(more(writeOf({ columns: { ended_at: null, awaiting_expires_ms: null } }))).toEqual([
        'all_awaiting_expires_at',
        'all_ended_at',
        'all_ended_at_exact',
      ]);
    });

    it('members of metadata where it has any, and entries where there are some', () => {
      expect(more(writeOf({ columns: { metadata: '{}' } }))).toEqual(['all_metadata', 'replaced_members']);
      expect(more(writeOf({ columns: { metadata: '{"plan":"pro"}' } }))).toEqual([
        'all_metadata',
        'replaced_members',
        'member_run_id',
        'member_name',
        'member_value',
      ]);
      expect(more(writeOf({ entries: [ENTRY] }))).toEqual(['payloads']);
    });

    it('everything for a new run', () => {
      const insert = insertOf({ metadata: { plan: 'pro' } });
      expect(sent(insert)).toEqual(names);
      expect(sent(writeOf({ columns: { turn_count: 1 } }), insert)).toEqual(names);
    });

    it('arrays as texts, but for those with letters that JSON has names for', () => {
      const isText = (value: unknown): boolean => !Array.isArray(value);
      const arrays = (write: RunWrite): string[] =>
        valuesOf(write).flatMap(([name, value]) => (isText(value) ? [] : [name]));
      const input = { text: 'line\nfeed "and" \\' };
      expect(arrays(insertOf({ id: "a'b", input }))).toEqual(['replaced_members', 'payloads']);
      expect(arrays(insertOf({ id: 'plain', provider: 'line\nfeed' }))).toEqual([
        'all_provider',
        'replaced_members',
        'payloads',
      ]);
    });
  });

  it('keeps times as times, to the microsecond', async () => {
    const backend = openBackend({ connectionString: database.url });
    await backend.apply([
      insertOf({ id: 'micro', started_at: '2026-03-01T13:00:00.123456+01:00' }),
      insertOf({ id: 'milli', started_at: '2026-03-01T12:00:00.123Z' }),
      insertOf({ id: 'whole', started_at: '2026-03-01T12:00:00Z' }),
    ]);
    const rows = await database.query(
      `SELECT id, to_char(started_at AT TIME ZONE 'UTC', 'HH24:MI:SS.US') AS text, started_at_exact AS exact
       FROM agent_run_runs WHERE id = ANY ($1) ORDER BY id`,
      [['micro', 'milli', 'whole']],
    );
    expect(rows).toEqual([
      { id: 'micro', text: '12:00:00.123456', exact: '2026-03-01T12:00:00.123456Z' },
      { id: 'milli', text: '12:00:00.123000', exact: null },
      { id: 'whole', text: '12:00:00.000000', exact: null },
    ]);
    await backend.close();
  });

  it('renews leases while others write their journal, and tells nobody', async () => {
    const backend = openBackend({ connectionString: database.url, callTimeoutMs: 100_000 });
    const client = new Client({ connectionString: database.url });
    const payloads: string[] = [];
    client.on('notification', ({ payload = '' }) => payloads.push(payload));
    await client.connect();
    await backend.apply([insertOf({ id: 'held' })]);
    await client.query('LISTEN agent_run_');
    await client.query('BEGIN');
    await client.query("SELECT pg_advisory_xact_lock($1, 'agent_run_journal'::regclass::oid::integer)", [
      LOCK_CLASS,
    ]);
    const lease = { token: 'token', owner: 'worker-1', ms: 60_000 };
    expect(await backend.apply([writeOf({ id: 'held', lease })])).toEqual(['applied']);
    await client.query('COMMIT');
    await backend.apply([writeOf({ id: 'held', nextRevision: 2, entries: [{ ...ENTRY, seq: 2 }] })]);
    await until(() => payloads.length > 0);
    expect(payloads).toHaveLength(1);
    await Promise.all([client.end(), backend.close()]);
  });
});
