import type {
  JournalQuery,
  MetadataMember,
  PruneQuery,
  RowFilter,
  RowKey,
  RowQuery,
  ScanColumn,
  StaleQuery,
} from '../backend';
import { LAST_MS } from '../../record/timestamp';
import { COUNTED_RUNS } from '../metadata';
import { kindOf, sourceOf } from '../scanned-row';
import type { SqliteValue } from './driver';
import type { TableNames } from './names';

/** A statement with the values that are bound to it. */
export interface Query {
  readonly sql: string;
  readonly values: readonly SqliteValue[];
}

/** Conditions that hold together, and the values bound to them. */
class Conditions {
  readonly values: SqliteValue[] = [];
  readonly #texts: string[] = [];

  /** Adds a condition, unless one of its values is not given. */
  add(text: string, ...values: readonly (SqliteValue | undefined)[]): this {
    if (values.includes(undefined)) return this;
    this.#texts.push(text);
    this.values.push(...(values as SqliteValue[]));
    return this;
  }

  get where(): string {
    return this.#texts.length === 0 ? '' : ` WHERE ${this.#texts.join(' AND ')}`;
  }

  /** The conditions as a value: 1 where they hold. */
  get value(): string {
    return this.#texts.length === 0 ? '1' : this.#texts.join(' AND ');
  }
}

/** How a page is found: along an index, and which of the rows on the way are wanted. */
export interface ListPlan {
  /** Gives `key`, `started_ms`, `id` and whether a row `passes`, along the index; as far as `limit`. */
  candidates(query: RowQuery): Query;
  /** Whether every row on the way is wanted. */
  readonly isExact: boolean;
}

/**
 * Plans how to find the rows of a filter. Which index leaves the fewest rows is known here; SQLite would
 * have to guess.
 */
export function planOf(names: TableNames, filter: RowFilter): ListPlan {
  const driving = drivingOf(names, filter);
  const rest = restOf(names, filter, driving);
  return {
    isExact: rest.value === '1',
    candidates: (query) => {
      const branches = driving.branches.map((branch) => branchOf(branch, rest, query));
      return {
        sql: `${branches.map(({ sql }) => sql).join(' UNION ALL ')} ORDER BY started_ms DESC, id DESC LIMIT ?`,
        values: [...branches.flatMap(({ values }) => values), query.limit],
      };
    },
  };
}

/** A way along an index. */
interface Branch {
  readonly from: string;
  /** What the index is ordered by. */
  readonly startedMs: string;
  readonly id: string;
  readonly conditions: readonly (readonly [text: string, value?: SqliteValue])[];
}

interface Driving {
  readonly by: keyof RowFilter | 'time';
  readonly branches: readonly Branch[];
}

function drivingOf(names: TableNames, filter: RowFilter): Driving {
  const { sessionId, parentRunId, rootRunId, statuses, provider, metadata, awaits, active, rootsOnly } =
    filter;
  const along = (index: string, ...conditions: Branch['conditions']): Branch => ({
    from: `${names.runs} r INDEXED BY ${names.prefix}${index}`,
    startedMs: 'r.started_ms',
    id: 'r.id',
    conditions,
  });
  if (active === true && sessionId !== undefined) {
    return {
      by: 'active',
      branches: [along('runs_active', ['r.active = 1'], ['r.session_id = ?', sessionId])],
    };
  }
  if (parentRunId !== undefined) {
    return { by: 'parentRunId', branches: [along('runs_by_parent', ['r.parent_run_id = ?', parentRunId])] };
  }
  if (rootRunId !== undefined) {
    return { by: 'rootRunId', branches: [along('runs_by_root', ['r.root_run_id = ?', rootRunId])] };
  }
  if (sessionId !== undefined) {
    return { by: 'sessionId', branches: [along('runs_by_session', ['r.session_id = ?', sessionId])] };
  }
  const [member] = metadata ?? [];
  if (member !== undefined) {
    return { by: 'metadata', branches: [alongMembers(names, member.name, member.value)] };
  }
  if (awaits !== undefined) {
    const conditions = [['r.awaits IS NOT NULL'], ['r.awaits = ?', awaits]] as const;
    return { by: 'awaits', branches: [along('runs_awaiting', ...conditions)] };
  }
  if (statuses !== undefined && filter.isProviderRare !== true) {
    return {
      by: 'statuses',
      branches: statuses.map((status) => along('runs_by_status', ['r.status = ?', status])),
    };
  }
  if (provider !== undefined) {
    return { by: 'provider', branches: [along('runs_by_provider', ['r.provider = ?', provider])] };
  }
  if (rootsOnly === true) {
    return { by: 'rootsOnly', branches: [along('runs_by_parent', ['r.parent_run_id IS NULL'])] };
  }
  return { by: 'time', branches: [along('runs_by_start')] };
}

function alongMembers({ metadata, runs }: TableNames, name: string, value: string): Branch {
  return {
    from: `${metadata} m CROSS JOIN ${runs} r ON r.id = m.run_id`,
    startedMs: 'm.started_ms',
    id: 'm.run_id',
    conditions: [
      ['m.name = ?', name],
      ['m.value = ?', value],
    ],
  };
}

/** How many runs have a member; of so many, at most. */
export function memberSizeQuery({ metadata }: TableNames, { name, value }: MetadataMember): Query {
  return {
    sql: `SELECT count(*) AS runs FROM (SELECT 1 FROM ${metadata} WHERE name = ? AND value = ? LIMIT ?)`,
    values: [name, value, COUNTED_RUNS],
  };
}

/** How many runs have a provider; of so many, at most. */
export function providerSizeQuery({ runs, prefix }: TableNames, provider: string): Query {
  const along = `${runs} INDEXED BY ${prefix}runs_by_provider`;
  return {
    sql: `SELECT count(*) AS runs FROM (SELECT 1 FROM ${along} WHERE provider = ? LIMIT ?)`,
    values: [provider, COUNTED_RUNS],
  };
}

/** The conditions that the index does not fulfil. */
function restOf({ metadata }: TableNames, filter: RowFilter, { by }: Driving): Conditions {
  const { sessionId, parentRunId, rootRunId, statuses, provider, awaits, active, rootsOnly } = filter;
  const rest = new Conditions();
  if (by !== 'active' && by !== 'sessionId') rest.add('r.session_id = ?', sessionId);
  if (by !== 'parentRunId') rest.add('r.parent_run_id = ?', parentRunId);
  if (by !== 'rootRunId') rest.add('r.root_run_id = ?', rootRunId);
  if (by !== 'awaits') rest.add('r.awaits IS ?', awaits);
  if (by !== 'provider') rest.add('r.provider IS ?', provider);
  if (by !== 'active' && active !== undefined) rest.add(`r.active = ${Number(active)}`);
  if (by !== 'rootsOnly' && rootsOnly === true) rest.add('r.parent_run_id IS NULL');
  if (by !== 'statuses' && statuses !== undefined) {
    rest.add(`r.status IN (${statuses.map(() => '?').join()})`, ...statuses);
  }
  for (const { name, value } of (filter.metadata ?? []).slice(by === 'metadata' ? 1 : 0)) {
    rest.add(
      `EXISTS (SELECT 1 FROM ${metadata} e WHERE e.name = ? AND e.value = ? ` +
        'AND e.started_ms = r.started_ms AND e.run_id = r.id)',
      name,
      value,
    );
  }
  return rest;
}

function branchOf(branch: Branch, rest: Conditions, query: RowQuery): Query {
  const way = wayAlong(branch, query);
  const { from, startedMs, id } = branch;
  return {
    sql:
      `SELECT r.key AS key, ${startedMs} AS started_ms, ${id} AS id, ${rest.value} AS passes ` +
      `FROM ${from}${way.where}`,
    values: [...rest.values, ...way.values],
  };
}

/**
 * The rows of a branch between two bounds. Of two bounds at one end only the nearer is given: SQLite would
 * pass over all rows between them.
 */
function wayAlong(branch: Branch, { fromMs, toMs, after, last }: ScanRange): Conditions {
  const { startedMs, id } = branch;
  const isAfterNearer = after !== undefined && (toMs === undefined || after.startedMs < toMs);
  const way = new Conditions();
  for (const [text, ...values] of branch.conditions) way.add(text, ...values);
  if (last === undefined) way.add(`${startedMs} >= ?`, fromMs);
  else way.add(`(${startedMs}, ${id}) >= (?, ?)`, last.startedMs, last.id);
  if (isAfterNearer) way.add(`(${startedMs}, ${id}) < (?, ?)`, after.startedMs, after.id);
  else way.add(`${startedMs} < ?`, toMs);
  return way;
}

/** The key of the last row of a page, from the index alone; none where there are fewer rows. */
export function boundaryQuery(names: TableNames, { limit, ...query }: RowQuery): Query {
  const branch = onlyBranch(names, query);
  const way = wayAlong(branch, query);
  const { from, startedMs, id } = branch;
  return {
    sql:
      `SELECT ${startedMs} AS started_ms, ${id} AS id FROM ${from}${way.where} ` +
      `ORDER BY ${startedMs} DESC, ${id} DESC LIMIT 1 OFFSET ?`,
    values: [...way.values, limit - 1],
  };
}

/** The columns of the rows down to a key, row by row. */
export function scanQuery(names: TableNames, range: ScanRange, columns: readonly ScanColumn[]): Query {
  const wanted = new Set(columns.map((column) => sourceOf(column).name).concat('usage_by_model'));
  return rangeQuery(names, range, [...wanted].map((name) => `r.${name}`).join(', '));
}

/** As {@link scanQuery}, all of it as one JSON text, which is read in a fraction of the time of its columns. */
export function scanTextQuery(names: TableNames, range: ScanRange, columns: readonly ScanColumn[]): Query {
  const row = `'[' || ${columns.map(jsonOf).join(` || ',' || `)} || ']'`;
  return rangeQuery(names, range, `count(*) AS count, group_concat(${row}) AS rows`);
}

/** Which rows a scan reads at a time; its filter has one status at most. */
export interface ScanRange extends Omit<RowQuery, 'limit'> {
  /** The last row; all where it is not given. */
  readonly last?: RowKey | undefined;
}

function rangeQuery(names: TableNames, query: ScanRange, selected: string): Query {
  const branch = onlyBranch(names, query);
  const rest = restOf(names, query, drivingOf(names, query));
  const way = wayAlong(branch, query);
  return {
    sql: `SELECT ${selected} FROM ${branch.from} WHERE ${[rest.value, way.value].join(' AND ')}`,
    values: [...rest.values, ...way.values],
  };
}

function onlyBranch(names: TableNames, filter: RowFilter): Branch {
  return drivingOf(names, filter).branches[0] as Branch;
}

/** A column as a piece of JSON. Numbers are written with 17 digits, which lose nothing. */
function jsonOf(column: ScanColumn): string {
  const { name, isUnsplit } = sourceOf(column);
  const text = name === 'cost_usd' ? "printf('%!.17g', r.cost_usd)" : `r.${name}`;
  const json = kindOf(column) === 'text' ? `json_quote(${text})` : text;
  const isSplit = "r.usage_by_model IS NOT NULL AND r.usage_by_model <> '{}'";
  const nulls = [`r.${name} IS NULL`, ...(isUnsplit ? [isSplit] : [])];
  return `CASE WHEN ${nulls.join(' OR ')} THEN 'null' ELSE ${json} END`;
}

/** The runs that are executed or wait, by start, and whether they were left behind. */
export function staleQuery({ runs, prefix }: TableNames, query: StaleQuery, now: number): Query {
  const { sessionId, unleasedQuietMs, reachableForMs, after, limit } = query;
  const reachableFrom = reachableForMs === undefined ? 0 : Math.round(now - reachableForMs);
  const way = new Conditions()
    .add('r.running = 1')
    .add('(r.started_ms, r.id) < (?, ?)', after?.startedMs, after?.id);
  return {
    sql:
      'SELECT r.key AS key, r.started_ms AS started_ms, r.id AS id, CASE ' +
      "WHEN r.session_id <> coalesce(?, r.session_id) OR r.awaits = 'resume' THEN 0 " +
      "WHEN r.awaits = 'answer' THEN coalesce(r.awaiting_expires_ms <= ?, 0) " +
      'WHEN r.lease_token IS NOT NULL THEN r.lease_expires_ms <= ? AND ? + r.lease_ms / 2 <= ? ' +
      'ELSE r.touched_ms <= coalesce(?, -1) END AS passes ' +
      `FROM ${runs} r INDEXED BY ${prefix}runs_running${way.where} ` +
      'ORDER BY r.started_ms DESC, r.id DESC LIMIT ?',
    values: [
      sessionId ?? null,
      now,
      now,
      reachableFrom,
      now,
      unleasedQuietMs === null ? null : now - unleasedQuietMs,
      ...way.values,
      limit,
    ],
  };
}

const ENTRY_COLUMNS = 'j.position, j.seq, j.type, j.data, j.at, r.id AS run_id, r.session_id';

/** The entries of a run. */
export function runJournalQuery({ runs, journal, prefix }: TableNames, query: JournalQuery): Query {
  const { runId, afterSeq = 0, limit } = query;
  return {
    sql:
      `SELECT ${ENTRY_COLUMNS} FROM ${runs} r CROSS JOIN ${journal} j INDEXED BY ${prefix}journal_by_run ` +
      'ON j.run = r.key WHERE r.id = ? AND j.seq > ? ORDER BY j.seq LIMIT ?',
    values: [runId as string, afterSeq, limit],
  };
}

/** The entries between two positions, of a session or of all. */
export function journalQuery(
  { runs, journal }: TableNames,
  { sessionId, limit }: JournalQuery,
  afterPosition: number,
  throughPosition: number,
): Query {
  const way = new Conditions()
    .add('j.position > ?', afterPosition)
    .add('j.position <= ?', throughPosition)
    .add('r.session_id = ?', sessionId);
  return {
    sql:
      `SELECT ${ENTRY_COLUMNS} FROM ${journal} j CROSS JOIN ${runs} r ON r.key = j.run${way.where} ` +
      'ORDER BY j.position LIMIT ?',
    values: [...way.values, limit],
  };
}

/** The entries of a session, run by run: for a session that has little of a long journal. */
export function sessionJournalQuery(
  { runs, journal, prefix }: TableNames,
  { sessionId, afterPosition = 0, limit }: JournalQuery,
  throughPosition: number,
): Query {
  return {
    sql:
      `SELECT ${ENTRY_COLUMNS} FROM ${runs} r INDEXED BY ${prefix}runs_by_session ` +
      `CROSS JOIN ${journal} j INDEXED BY ${prefix}journal_by_run ON j.run = r.key ` +
      'WHERE r.session_id = ? AND j.position > ? AND j.position <= ? ORDER BY j.position LIMIT ?',
    values: [sessionId as string, afterPosition, throughPosition, limit],
  };
}

/** How many entries the runs of a session have had; of so many runs, at most. */
export function sessionSizeQuery({ runs, prefix }: TableNames, sessionId: string, runsAtMost: number): Query {
  return {
    sql:
      'SELECT count(*) AS runs, total(seq) AS entries FROM (SELECT seq ' +
      `FROM ${runs} INDEXED BY ${prefix}runs_by_session WHERE session_id = ? LIMIT ?)`,
    values: [sessionId, runsAtMost],
  };
}

/** The last position that was given out. */
export function headQuery({ journal, positions }: TableNames): Query {
  return {
    sql: `SELECT max(coalesce((SELECT max(position) FROM ${journal}), 0), given) AS head FROM ${positions}`,
    values: [],
  };
}

/**
 * A moment as ends are compared with it: without the Z, it stands before every end in its millisecond, more
 * digits or none. No record ends after the year 9999.
 */
function endTextOf(ms: number): string {
  return new Date(Math.min(ms, LAST_MS)).toISOString().slice(0, -1);
}

/** Ended runs by their end, and whether they may go. */
export function pruneQuery({ runs, journal, prefix }: TableNames, query: PruneQuery): Query {
  const { endedBeforeMs, journalOnly, after, limit } = query;
  const way = new Conditions()
    .add('r.ended_at IS NOT NULL')
    .add('r.ended_at < ?', endTextOf(endedBeforeMs))
    .add('(r.ended_at, r.id) > (?, ?)', after?.endedAt, after?.id);
  if (journalOnly) way.add('r.has_journal = 1');
  const passes = journalOnly
    ? `EXISTS (SELECT 1 FROM ${journal} j WHERE j.run = r.key)`
    : `NOT EXISTS (SELECT 1 FROM ${runs} c WHERE c.parent_run_id = r.id)`;
  return {
    sql:
      `SELECT r.key AS key, r.ended_at AS ended_at, r.id AS id, r.session_id AS session_id, ${passes} AS passes ` +
      `FROM ${runs} r INDEXED BY ${prefix}runs_${journalOnly ? 'with_journal' : 'ended'}${way.where} ` +
      'ORDER BY r.ended_at, r.id LIMIT ?',
    values: [...way.values, limit],
  };
}
