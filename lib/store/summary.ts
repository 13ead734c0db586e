import { UNPRICED_REQUESTS } from '../execution/budget';
import { CostSum } from '../record/cost';
import { validationError } from '../record/error';
import type { JsonObject } from '../record/json';
import type { Counters, TokenUsage } from '../record/token-usage';
import { addUsage, countOf, freezeUsage } from '../record/token-usage';
import type { ColumnName, StoredRun } from './columns';
import { decodeText } from './column-text';
import type { RunFilter } from './filter';
import { formatTimestamp } from '../record/timestamp';

/** What runs are put together by; `day` is the day, in UTC, on which a run started. */
export type SummaryGrouping = 'sessionId' | 'provider' | 'status' | 'day';

/** Which runs are summed up, and by what. */
export interface SummarizeOptions extends RunFilter {
  /** What makes a group. */
  readonly groupBy: SummaryGrouping;
}

/** What the runs of a group add up to. */
export interface SummaryRow {
  /** The session, provider, status, or day (`2026-01-31`) of the runs; null for no provider. */
  readonly group: string | null;
  /** How many runs. */
  readonly runs: number;
  /** How many turns they took. */
  readonly turns: number;
  /** The sums of all counters, frozen. */
  readonly tokenUsage: TokenUsage;
  /** US dollars; null where no run has a cost. */
  readonly costUsd: number | null;
  /** Requests that no price was found for: `costUsd` lacks them. */
  readonly unpricedRequests: number;
}

/** The columns that a summary is made of. */
export const SUMMARY_COLUMNS = [
  'id',
  'session_id',
  'provider',
  'status',
  'started_ms',
  'turn_count',
  'token_usage',
  'cost_usd',
] as const satisfies readonly ColumnName[];

type SummaryColumns = Pick<StoredRun, (typeof SUMMARY_COLUMNS)[number]>;

const GROUP_OF: Readonly<Record<SummaryGrouping, (row: SummaryColumns) => string | null>> = {
  sessionId: (row) => decodeText(row.session_id),
  provider: (row) => (row.provider === null ? null : decodeText(row.provider)),
  status: (row) => row.status,
  day: (row) => formatTimestamp(row.started_ms).slice(0, -'T00:00:00.000Z'.length),
};

/** Adds rows up, as exactly as a run adds its own usage. */
export class Summary {
  readonly #groupOf: (row: SummaryColumns) => string | null;
  readonly #groups = new Map<string | null, Sum>();

  /** @throws {RunError} `validation_error` */
  constructor(groupBy: SummaryGrouping) {
    if (!Object.hasOwn(GROUP_OF, groupBy)) {
      const message = `must be one of ${Object.keys(GROUP_OF).join(', ')}`;
      throw validationError('summary', [{ path: 'groupBy', message }]);
    }
    this.#groupOf = GROUP_OF[groupBy];
  }

  add(row: SummaryColumns): void {
    const group = this.#groupOf(row);
    const sum = this.#groups.get(group) ?? new Sum();
    this.#groups.set(group, sum);
    sum.add(row);
  }

  /** By group ascending, no provider last. */
  rows(): SummaryRow[] {
    return [...this.#groups]
      .sort(([left], [right]) => compareGroups(left, right))
      .map(([group, sum]) => ({ group, ...sum.totals() }));
  }
}

class Sum {
  #runs = 0;
  #turns = 0;
  #cost: CostSum | null = null;
  readonly #counters: Counters = {};

  add(row: SummaryColumns): void {
    this.#runs += 1;
    this.#turns += row.turn_count;
    addUsage(this.#counters, JSON.parse(row.token_usage) as JsonObject);
    if (row.cost_usd !== null) (this.#cost ??= new CostSum()).add(row.cost_usd);
  }

  totals(): Omit<SummaryRow, 'group'> {
    return {
      runs: this.#runs,
      turns: this.#turns,
      tokenUsage: freezeUsage(this.#counters),
      costUsd: this.#cost?.usd ?? null,
      unpricedRequests: countOf(this.#counters, UNPRICED_REQUESTS),
    };
  }
}

function compareGroups(left: string | null, right: string | null): number {
  if (left === null || right === null) return left === right ? 0 : left === null ? 1 : -1;
  return left < right ? -1 : 1;
}
