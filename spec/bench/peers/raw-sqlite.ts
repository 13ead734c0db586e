/** What the store writes, written by hand: prepared statements, rows that are ready as texts, no conditions. */
import type { SqliteHandle, SqliteStatement } from 'agent-run/store/sqlite';
import { sqliteStore } from '../built';
import type { Subject } from '../subject';
import { begin, change, complete } from '../subjects/recording';
import type { EmptyFile, Writing } from '../subjects/sqlite';
import { emptyFile, libsql, timed } from '../subjects/sqlite';

/** How a row that stands is written again: as a whole, or what changed of it. */
export interface RawWriting extends Writing {
  readonly columns: 'all' | 'changed';
}

type Value = string | number | null;
type Row = Record<string, Value>;

/** A row before and after a batch, and what the batch adds to the journal. */
interface Sample {
  readonly begun: Row;
  readonly written: Row;
  readonly firstEntries: readonly Row[];
  readonly entries: readonly Row[];
}

const RUNS = 'agent_run_runs';
const JOURNAL = 'agent_run_journal';

/** What differs from change to change; and what the row is found by. */
const COUNTING = ['turn_count', 'revision', 'seq', 'touched_ms', 'id'];

export async function changes(writing: RawWriting): Promise<Subject> {
  const file = emptyFile();
  const sample = await sampleOf(file, change);
  const handle = open(file, writing);
  const writer = new RawWriter(handle, sample, writing.columns);
  writer.insert(writing.runs);
  return { ...timed(writing, () => writer.update()), close: () => close(handle, file) };
}

export async function lives(writing: RawWriting): Promise<Subject> {
  const file = emptyFile();
  const sample = await sampleOf(file, complete);
  const handle = open(file, writing);
  const writer = new RawWriter(handle, sample, writing.columns);
  const live = (): void => {
    writer.insert(writing.runs);
    writer.update();
  };
  return { ...timed(writing, live), close: () => close(handle, file) };
}

/** Has the store write one run, and reads what it wrote. */
async function sampleOf({ path }: EmptyFile, write: typeof change): Promise<Sample> {
  const store = new (sqliteStore().SqliteRunStore)({ path, driver: 'libsql' });
  const handle = libsql(path);
  const row = (): Row => all(handle, `SELECT * FROM ${RUNS}`)[0]!;
  const runs = await begin(store, 1);
  const begun = row();
  await write(store, runs);
  const written = row();
  const entries = all(handle, `SELECT * FROM ${JOURNAL} ORDER BY position`);
  handle.close();
  await store.delete(runs[0]!.id);
  await store.close();
  const before = begun['seq'] as number;
  return { begun, written, firstEntries: entries.slice(0, before), entries: entries.slice(before) };
}

/** Writes the sample over and over, under new ids, one transaction for a batch. */
class RawWriter {
  readonly #handle: SqliteHandle;
  readonly #insert: RawStatement;
  readonly #update: RawStatement;
  readonly #firstEntries: readonly RawStatement[];
  readonly #entries: readonly RawStatement[];
  /** The ids of the last batch that was inserted; their keys count up to `#created`. */
  #ids: string[] = [];
  #created = 0;
  #position = 0;
  #changes = 0;

  constructor(
    handle: SqliteHandle,
    { begun, written, firstEntries, entries }: Sample,
    columns: 'all' | 'changed',
  ) {
    const stays = columns === 'all' ? ['key', 'session_id'] : unchanged(begun, written);
    const changed = without(written, stays);
    this.#handle = handle;
    this.#insert = new RawStatement(handle, insertInto(RUNS), begun, ['id', 'session_id', 'key']);
    this.#update = new RawStatement(handle, updateById(RUNS), changed, COUNTING);
    const entryOf = (entry: Row): RawStatement =>
      new RawStatement(handle, insertInto(JOURNAL), entry, ['position', 'run', 'seq']);
    this.#firstEntries = firstEntries.map(entryOf);
    this.#entries = entries.map(entryOf);
  }

  insert(count: number): void {
    this.#ids = [];
    this.#handle.exec('BEGIN IMMEDIATE');
    for (let index = 0; index < count; index++) {
      const key = (this.#created += 1);
      const id = `run_raw_${String(key).padStart(24, '0')}`;
      this.#ids.push(id);
      this.#insert.run(id, `session-${key}`, key);
      this.#log(key, this.#firstEntries);
    }
    this.#handle.exec('COMMIT');
  }

  update(): void {
    const ids = this.#ids;
    this.#handle.exec('BEGIN IMMEDIATE');
    for (let index = 0; index < ids.length; index++) {
      const change = (this.#changes += 1);
      this.#log(this.#created - ids.length + 1 + index, this.#entries);
      this.#update.run(change, change, change, Date.now(), ids[index]!);
    }
    this.#handle.exec('COMMIT');
  }

  #log(run: number, entries: readonly RawStatement[]): void {
    for (const entry of entries) {
      const position = (this.#position += 1);
      entry.run(position, run, position);
    }
  }
}

/** A prepared statement with a row's values; those of some columns come with each call. */
class RawStatement {
  readonly #statement: SqliteStatement;
  readonly #fixed: readonly Value[];

  constructor(
    handle: SqliteHandle,
    sqlOf: (names: readonly string[]) => string,
    row: Row,
    given: readonly string[],
  ) {
    const fixed = Object.keys(row).filter((name) => !given.includes(name));
    this.#fixed = fixed.map((name) => row[name]!);
    this.#statement = handle.prepare(sqlOf([...fixed, ...given]));
  }

  run(...given: readonly Value[]): void {
    (this.#statement.run as (values: readonly Value[]) => unknown)([...this.#fixed, ...given]);
  }
}

function unchanged(before: Row, after: Row): readonly string[] {
  return Object.keys(after).filter((name) => after[name] === before[name]);
}

function without(row: Row, names: readonly string[]): Row {
  return Object.fromEntries(Object.entries(row).filter(([name]) => !names.includes(name)));
}

function insertInto(table: string): (names: readonly string[]) => string {
  return (names) => `INSERT INTO ${table} (${names.join()}) VALUES (${names.map(() => '?').join()})`;
}

/** The id comes last, and is what the row is found by. */
function updateById(table: string): (names: readonly string[]) => string {
  return (names) =>
    `UPDATE ${table} SET ${names
      .slice(0, -1)
      .map((name) => `${name} = ?`)
      .join()} WHERE id = ?`;
}

function open({ path }: EmptyFile, { synchronous }: Writing): SqliteHandle {
  const handle = libsql(path);
  handle.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}`);
  return handle;
}

function close(handle: SqliteHandle, { remove }: EmptyFile): void {
  handle.close();
  remove();
}

function all(handle: SqliteHandle, sql: string): Row[] {
  return handle.prepare(sql).all() as Row[];
}
