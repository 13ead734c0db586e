import { UNPRICED_REQUESTS } from '../execution/budget';
import type { ValidationIssue } from '../record/error';
import { validationError } from '../record/error';
import type { JsonObject } from '../record/json';
import { isJsonObject, ownMember } from '../record/json';
import { findUnknown } from '../record/options';
import type { TokenUsage } from '../record/token-usage';
import { countOf } from '../record/token-usage';
import { Totals } from '../record/totals';
import type { RowFilter, ScanColumn, ScannedRow } from './backend';
import { decodeText } from './column-text';
import type { RunFilter } from './filter';
import { FILTER_OPTIONS, readFilter } from './filter';
import type { MetadataScalar } from './metadata';
import { isMetadataScalar } from './metadata';
import { sortInTurns } from './sort-in-turns';
import { TimeZone } from './time-zone';
import { Turns } from './turn-taking';

/**
 * What runs are grouped by: `hour` and `day` are those in which a run started; `model` is each model that
 * it used; `metadata.plan` is the member `plan` of its metadata.
 */
export type SummaryGrouping =
  'sessionId' | 'provider' | 'status' | 'hour' | 'day' | 'model' | 'rootRunId' | `metadata.${string}`;

/** Which runs are summed up, and by what. */
export interface SummarizeOptions extends RunFilter {
  /** What runs are grouped by: one thing, or several together. */
  readonly groupBy: SummaryGrouping | readonly SummaryGrouping[];
  /** The IANA time zone whose hours and days they are. @default 'UTC' */
  readonly timeZone?: string | undefined;
}

/** What the runs of a group add up to. */
export interface SummaryRow {
  /**
   * What the runs have in common, by the names of `groupBy`: a day is `2026-01-31`, an hour
   * `2026-01-31T23`; null for no provider, no model, no such member.
   */
  readonly group: Readonly<Record<string, string | number | boolean | null>>;
  /** How many runs. By model, a run is one of each model that it used. */
  readonly runs: number;
  /** How many turns they took; by model, as `runs`. */
  readonly turns: number;
  /** The sums of all counters, frozen. */
  readonly tokenUsage: TokenUsage;
  /** US dollars; null where no run has a cost. */
  readonly costUsd: number | null;
  /** Requests that no price was found for: `costUsd` lacks them. */
  readonly unpricedRequests: number;
}

type GroupValue = MetadataScalar | null;
/** Gives a row's value of one grouping; the model is null where runs are not grouped by it. */
type GroupReader = (row: ScannedRow, model: string | null) => GroupValue;

const PLAIN_GROUPINGS = ['sessionId', 'provider', 'status', 'hour', 'day', 'model', 'rootRunId'];
const METADATA = 'metadata.';

/** Adds up rows, as exactly as a run adds up its own usage. */
export class Summary {
  /** Which rows. */
  readonly filter: RowFilter;
  /** What of each row. */
  readonly columns: readonly ScanColumn[];
  /** Adds a row. */
  readonly add: (row: ScannedRow) => void;
  readonly #groupings: readonly string[];
  readonly #readers: readonly GroupReader[];
  readonly #groups: GroupNode = new Map();

  /** @throws {RunError} `validation_error` */
  constructor(options: SummarizeOptions) {
    const issues: ValidationIssue[] = [];
    findUnknown(options, [...FILTER_OPTIONS, 'groupBy', 'timeZone'], issues);
    if (issues.length > 0) throw validationError('summary', issues);
    this.#groupings = readGroupings(options.groupBy, issues);
    this.filter = readFilter(options, issues);
    if (issues.length > 0) throw validationError('summary', issues);
    const zone = new TimeZone(options.timeZone ?? 'UTC');
    const columns: ScanColumn[] = [];
    const place = (column: ScanColumn): number => placeOf(columns, column);
    this.#readers = this.#groupings.map((grouping) => readerOf(grouping, place, zone));
    this.add = this.#groupings.includes('model') ? this.#byModel(place) : this.#whole(place);
    this.columns = columns;
  }

  /** By group ascending, null last. In turns: there may be as many groups as runs. */
  async rows(): Promise<SummaryRow[]> {
    const turns = new Turns();
    const leaves: Leaf[] = [];
    for (const leaf of leavesOf(this.#groups)) {
      leaves.push(leaf);
      if (turns.isOver) await turns.next();
    }
    const rows: SummaryRow[] = [];
    for (const leaf of await sortInTurns(leaves, compareLeaves)) {
      rows.push(this.#rowOf(leaf));
      if (turns.isOver) await turns.next();
    }
    return rows;
  }

  #rowOf({ values, totals }: Leaf): SummaryRow {
    return {
      group: Object.fromEntries(this.#groupings.map((name, index) => [name, values[index] ?? null])),
      runs: totals.runs,
      turns: totals.turns,
      tokenUsage: totals.tokenUsage,
      costUsd: totals.costUsd,
      unpricedRequests: countOf(totals.counters, UNPRICED_REQUESTS),
    };
  }

  #whole(place: (column: ScanColumn) => number): (row: ScannedRow) => void {
    const [turns, cost, usage] = [place('turn_count'), place('cost_usd'), place('token_usage')];
    return (row) => {
      this.#totalsOf(row, null).add({
        runs: 1,
        turns: row[turns] as number,
        tokenUsage: row[usage] as JsonObject,
        costUsd: row[cost] as number | null,
      });
    };
  }

  /**
   * Adds a share for each model. A run that does not say what each model used counts for the model in its
   * metadata.
   */
  #byModel(place: (column: ScanColumn) => number): (row: ScannedRow) => void {
    const [turns, split] = [place('turn_count'), place('usage_by_model')];
    const [cost, usage] = [place('unsplit_cost_usd'), place('unsplit_token_usage')];
    const metadata = place('unsplit_metadata');
    return (row) => {
      const count = row[turns] as number;
      if (row[usage] !== null) {
        const model = scalarOf(row[metadata], 'model');
        this.#totalsOf(row, model === null ? null : String(model)).add({
          runs: 1,
          turns: count,
          tokenUsage: row[usage] as JsonObject,
          costUsd: row[cost] as number | null,
        });
        return;
      }
      const shares = row[split] as Readonly<Record<string, JsonObject>>;
      for (const model of Object.keys(shares)) {
        addShare(this.#totalsOf(row, model), count, shares[model] as JsonObject);
      }
    };
  }

  #totalsOf(row: ScannedRow, model: string | null): Totals {
    let node = this.#groups;
    const last = this.#readers.length - 1;
    for (let index = 0; index < last; index++) {
      const value = (this.#readers[index] as GroupReader)(row, model);
      let next = node.get(value) as GroupNode | undefined;
      if (next === undefined) node.set(value, (next = new Map()));
      node = next;
    }
    const value = (this.#readers[last] as GroupReader)(row, model);
    let totals = node.get(value) as Totals | undefined;
    if (totals === undefined) node.set(value, (totals = new Totals()));
    return totals;
  }
}

/** Sums by the value of the last grouping, in maps by those before. */
type GroupNode = Map<GroupValue, GroupNode | Totals>;

interface Leaf {
  readonly values: readonly GroupValue[];
  readonly totals: Totals;
}

function* leavesOf(node: GroupNode, values: readonly GroupValue[] = []): Iterable<Leaf> {
  for (const [value, below] of node) {
    if (below instanceof Totals) yield { values: [...values, value], totals: below };
    else yield* leavesOf(below, [...values, value]);
  }
}

/** Adds what a run has used of one model: its counters, and their cost. */
function addShare(totals: Totals, turns: number, { cost_usd: costUsd, ...tokenUsage }: JsonObject): void {
  totals.add({ runs: 1, turns, tokenUsage, costUsd: typeof costUsd === 'number' ? costUsd : null });
}

function readGroupings(groupBy: unknown, issues: ValidationIssue[]): readonly string[] {
  const groupings: readonly unknown[] = Array.isArray(groupBy) ? groupBy : [groupBy];
  const isGood = groupings.length > 0 && groupings.every(isGrouping);
  if (isGood && new Set(groupings).size === groupings.length) return groupings;
  const message = `must be one or several, each once, of ${PLAIN_GROUPINGS.join(', ')}, metadata.<name>`;
  issues.push({ path: 'groupBy', message });
  return [];
}

function isGrouping(value: unknown): value is SummaryGrouping {
  if (typeof value !== 'string') return false;
  return PLAIN_GROUPINGS.includes(value) || (value.startsWith(METADATA) && value.length > METADATA.length);
}

/** Where a column stands in a scanned row; at the end, where it has not been asked for yet. */
function placeOf(columns: ScanColumn[], column: ScanColumn): number {
  const found = columns.indexOf(column);
  return found < 0 ? columns.push(column) - 1 : found;
}

function readerOf(grouping: string, place: (column: ScanColumn) => number, zone: TimeZone): GroupReader {
  if (grouping === 'model') return (_, model) => model;
  if (grouping === 'hour' || grouping === 'day') {
    const start = place('started_ms');
    if (grouping === 'hour') return (row) => zone.hourOf(row[start] as number);
    return (row) => zone.dayOf(row[start] as number);
  }
  if (grouping.startsWith(METADATA)) {
    const [metadata, name] = [place('metadata'), grouping.slice(METADATA.length)];
    return (row) => scalarOf(row[metadata], name);
  }
  const text = place(TEXT_COLUMNS[grouping] as ScanColumn);
  return (row) => (row[text] === null ? null : decodeText(row[text] as string));
}

const TEXT_COLUMNS: Readonly<Record<string, ScanColumn>> = {
  sessionId: 'session_id',
  rootRunId: 'root_run_id',
  provider: 'provider',
  status: 'status',
};

function scalarOf(metadata: unknown, name: string): GroupValue {
  const value = isJsonObject(metadata) ? ownMember(metadata, name) : null;
  return isMetadataScalar(value) ? value : null;
}

function compareLeaves({ values: left }: Leaf, { values: right }: Leaf): number {
  // No two have the same values.
  for (let index = 0; ; index++) {
    const [one, other] = [left[index] as GroupValue, right[index] as GroupValue];
    if (one !== other) return compareValues(one, other);
  }
}

/** Booleans, numbers, texts, null; each ascending. The two differ. */
function compareValues(left: GroupValue, right: GroupValue): number {
  const [kind, other] = [KINDS.indexOf(typeof left), KINDS.indexOf(typeof right)];
  if (kind !== other) return kind - other;
  return (left as MetadataScalar) < (right as MetadataScalar) ? -1 : 1;
}

const KINDS = ['boolean', 'number', 'string', 'object'];
