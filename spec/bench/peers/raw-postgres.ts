/** What the store writes, written by hand: rows that are ready as arrays of texts, one `unnest` for each table. */
import { Pool } from 'pg';
import { postgresStore } from '../built';
import type { Subject } from '../subject';
import type { Writing } from '../subjects/postgres';
import { FLEET } from '../subjects/postgres';
import { begin, change, complete } from '../subjects/recording';

/** How a row that stands is written again: as a whole, or what changed of it. */
export interface RawWriting extends Writing {
  readonly columns: 'all' | 'changed';
}

/** Texts by column, as the database writes them. */
type Row = Readonly<Record<string, string | null>>;

/** A row before and after a batch, and what each batch adds to the journal. */
interface Sample {
  readonly begun: Row;
  readonly written: Row;
  readonly firstEntries: readonly Row[];
  readonly entries: readonly Row[];
  /** The types of all columns, by `table.column`. */
  readonly types: ReadonlyMap<string, string>;
}

/** A statement and its values, ready to be sent. */
interface Batch {
  readonly text: string;
  readonly values: unknown[];
}

const RUNS = 'agent_run_runs';
const JOURNAL = 'agent_run_journal';

/** Changes of a fleet of runs, one part of it after the other. */
export async function changes({ url, runs, columns }: RawWriting): Promise<Subject> {
  const pool = new Pool({ connectionString: url });
  const writer = new RawWriter(await sampleOf(pool, url, change), columns);
  for (let first = 0; first < FLEET; first += runs) await send(pool, writer.insert(first, runs));
  await pool.query('VACUUM ANALYZE');
  let count = 0;
  return subjectOf(pool, () => {
    const first = (count * runs) % FLEET;
    count += 1;
    return [writer.update(first, runs, count)];
  });
}

/** Runs that begin in one batch, and are changed and completed in the next. */
export async function lives({ url, runs, columns }: RawWriting): Promise<Subject> {
  const pool = new Pool({ connectionString: url });
  const writer = new RawWriter(await sampleOf(pool, url, complete), columns);
  let first = 0;
  return subjectOf(pool, () => {
    first += runs;
    return [writer.insert(first, runs), writer.update(first, runs, 1)];
  });
}

/** Only what the database takes part in is timed: the values are ready. */
function subjectOf(pool: Pool, next: () => readonly Batch[]): Subject {
  return {
    async slice(iterations) {
      let took = 0;
      for (let index = 0; index < iterations; index++) {
        const batches = next();
        const start = performance.now();
        for (const batch of batches) await send(pool, batch);
        took += performance.now() - start;
      }
      return Math.max(1, 1e6 * took);
    },
    close: () => pool.end(),
  };
}

async function send(pool: Pool, { text, values }: Batch): Promise<void> {
  await pool.query(text, values);
}

/** Has the store write one run, and reads what it wrote. */
async function sampleOf(pool: Pool, url: string, write: typeof change): Promise<Sample> {
  const store = new (postgresStore().PostgresRunStore)({ connectionString: url });
  const runs = await begin(store, 1);
  const types = await typesOf(pool);
  const [begun] = await readTexts(pool, RUNS, types);
  await write(store, runs);
  const [written] = await readTexts(pool, RUNS, types);
  const entries = await readTexts(pool, JOURNAL, types);
  await store.delete(runs[0]!.id);
  await store.close();
  const before = Number(begun!['seq']);
  return {
    begun: begun!,
    written: written!,
    firstEntries: entries.slice(0, before),
    entries: entries.slice(before),
    types,
  };
}

async function typesOf(pool: Pool): Promise<ReadonlyMap<string, string>> {
  const sql = `SELECT table_name || '.' || column_name AS name, data_type AS type
FROM information_schema.columns WHERE table_name IN ('${RUNS}', '${JOURNAL}') ORDER BY ordinal_position`;
  const { rows } = await pool.query<{ name: string; type: string }>(sql);
  return new Map(rows.map(({ name, type }) => [name, type]));
}

async function readTexts(pool: Pool, table: string, types: ReadonlyMap<string, string>): Promise<Row[]> {
  const names = [...types.keys()].filter((name) => name.startsWith(`${table}.`));
  const columns = names.map((name) => name.slice(table.length + 1));
  const order = table === JOURNAL ? 'ORDER BY seq' : '';
  const sql = `SELECT ${columns.map((name) => `${name}::text`).join()} FROM ${table} ${order}`;
  return (await pool.query<Row>(sql)).rows;
}

/** Writes the sample over and over, under other ids. */
class RawWriter {
  readonly #sample: Sample;
  readonly #changed: readonly string[];
  readonly #insertText: string;
  readonly #updateText: string;

  constructor(sample: Sample, columns: RawWriting['columns']) {
    const { begun, written, types } = sample;
    this.#sample = sample;
    const stay = ['id', 'session_id'];
    this.#changed = Object.keys(written).filter(
      (name) => !stay.includes(name) && (columns === 'all' || begun[name] !== written[name]),
    );
    const all = Object.keys(begun);
    const logged = loggingText(types);
    this.#insertText = `WITH logged AS (${logged}) INSERT INTO ${RUNS} (${all.join()})
SELECT * FROM ${unnested(RUNS, all, types, LOGGED.length)}`;
    this.#updateText = `WITH logged AS (${logged}) UPDATE ${RUNS} AS r
SET ${this.#changed.map((name) => `${name} = w.${name}`).join()}
FROM ${unnested(RUNS, ['id', ...this.#changed], types, LOGGED.length)} WHERE r.id = w.id`;
  }

  insert(first: number, count: number): Batch {
    const { begun, firstEntries } = this.#sample;
    const columns = Object.keys(begun).map((name) => columnOf(name, begun, first, count, 0));
    return { text: this.#insertText, values: [...journalOf(firstEntries, first, count, 0), ...columns] };
  }

  /** @param times - How often the runs have been changed. */
  update(first: number, count: number, times: number): Batch {
    const { written, entries } = this.#sample;
    const columns = ['id', ...this.#changed].map((name) => columnOf(name, written, first, count, times));
    return { text: this.#updateText, values: [...journalOf(entries, first, count, times), ...columns] };
  }
}

/** The columns of the journal that are sent; the database gives the position. */
const LOGGED = ['run_id', 'seq', 'session_id', 'type', 'data', 'at'];

function loggingText(types: ReadonlyMap<string, string>): string {
  return `INSERT INTO ${JOURNAL} (${LOGGED.join()}, position)
SELECT *, nextval('agent_run_positions') FROM ${unnested(JOURNAL, LOGGED, types, 0)}`;
}

/** Arrays side by side as rows. */
function unnested(
  table: string,
  names: readonly string[],
  types: ReadonlyMap<string, string>,
  before: number,
): string {
  const arrays = names.map((name, index) => `$${before + index + 1}::${types.get(`${table}.${name}`)}[]`);
  return `unnest(${arrays.join()}) AS w(${names.join()})`;
}

/** A value for each run of the batch: the sample's, but for what is each run's own. */
function columnOf(name: string, row: Row, first: number, count: number, times: number): unknown[] {
  return Array.from({ length: count }, (_, index) => {
    if (name === 'id') return idOf(first + index);
    if (name === 'session_id') return sessionOf(first + index);
    return name === 'revision' || name === 'turn_count' ? times : row[name];
  });
}

function journalOf(entries: readonly Row[], first: number, count: number, times: number): unknown[][] {
  return LOGGED.map((name) =>
    Array.from({ length: count }, (_, index) => index).flatMap((index) =>
      entries.map((entry, place) => {
        if (name === 'run_id') return idOf(first + index);
        if (name === 'session_id') return sessionOf(first + index);
        return name === 'seq' ? times * 10 + place : entry[name];
      }),
    ),
  );
}

function idOf(place: number): string {
  return `run_0196f2b45a4c7d1e8f3a${place.toString(16).padStart(12, '0')}`;
}

function sessionOf(place: number): string {
  return `session-${place}`;
}
