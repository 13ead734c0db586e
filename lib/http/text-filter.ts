import { CostSum } from '../record/cost';
import { validationError } from '../record/error';
import { setMember } from '../record/json';
import type { Counters } from '../record/token-usage';
import { addNumbers, freezeUsage } from '../record/token-usage';
import type { Run } from '../run';
import { encodeText } from '../store/column-text';
import type { RunFilter } from '../store/filter';
import { writeCursor } from '../store/filter';
import type { RunStore } from '../store/store';
import type { RunPage } from '../store/store';
import type { SummarizeOptions, SummaryRow } from '../store/summary';

type Scalar = string | number | boolean;
type Members = Readonly<Record<string, Scalar>>;

/** A filter as a query or a command line gives it: values of metadata are texts, whatever type is meant. */
export interface TextFilter extends Omit<RunFilter, 'metadata'> {
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** A page, as a store takes it. */
export interface PageOptions {
  readonly limit?: number;
  readonly cursor?: string;
}

const DEFAULT_LIMIT = 50;

/** The most filters that one may become: each text that may be a number or a boolean doubles them. */
const MOST_FILTERS = 16;

/**
 * The runs that pass the filter, newest first. A member of the metadata passes when it is the text, or
 * the number or boolean that reads so.
 *
 * @throws {RunError} `validation_error`
 */
export async function listByText(
  store: RunStore,
  filter: TextFilter,
  page: PageOptions = {},
): Promise<RunPage> {
  const [first = {}, ...others] = filtersOf(filter);
  if (others.length === 0) return store.list({ ...first, ...page });
  const pages = await Promise.all([first, ...others].map((each) => store.list({ ...each, ...page })));
  const runs = pages.flatMap((each) => each.runs).sort(newestFirst);
  const shown = runs.slice(0, page.limit ?? DEFAULT_LIMIT);
  const hasMore = shown.length < runs.length || pages.some(({ nextCursor }) => nextCursor !== null);
  const last = shown.at(-1);
  return { runs: shown, nextCursor: hasMore && last !== undefined ? cursorAfter(last) : null };
}

/**
 * The sums over the runs that pass the filter, in the sense of {@link listByText}.
 *
 * @throws {RunError} `validation_error`
 */
export async function summarizeByText(
  store: RunStore,
  { metadata, ...options }: Omit<SummarizeOptions, 'metadata'> & Pick<TextFilter, 'metadata'>,
): Promise<SummaryRow[]> {
  const [first = {}, ...others] = filtersOf({ metadata });
  if (others.length === 0) return store.summarize({ ...options, ...first });
  const summaries = [];
  // One after the other: each may read the whole store.
  for (const each of [first, ...others]) summaries.push(...(await store.summarize({ ...options, ...each })));
  return merged(summaries);
}

/** The typed filters that a filter of texts stands for. No run passes two of them. */
function filtersOf({ metadata, ...filter }: TextFilter): RunFilter[] {
  let alternatives: Members[] = [{}];
  for (const [name, text] of Object.entries(metadata ?? {})) {
    alternatives = alternatives.flatMap((members) =>
      meaningsOf(text).map((value) => withMember(members, name, value)),
    );
    if (alternatives.length > MOST_FILTERS) {
      const message = 'has too many members that may be numbers or booleans';
      throw validationError('filter', [{ path: 'metadata', message }]);
    }
  }
  return alternatives.map((members) =>
    Object.keys(members).length === 0 ? filter : { ...filter, metadata: members },
  );
}

function meaningsOf(text: string): Scalar[] {
  if (text === 'true' || text === 'false') return [text, text === 'true'];
  const number = Number(text);
  return Number.isFinite(number) && String(number) === text ? [text, number] : [text];
}

function withMember(members: Members, name: string, value: Scalar): Members {
  const copy = { ...members };
  setMember(copy, name, value);
  return copy;
}

function newestFirst(one: Run, other: Run): number {
  const later = other.startedAt.getTime() - one.startedAt.getTime();
  if (later !== 0) return later;
  return Buffer.compare(Buffer.from(other.id), Buffer.from(one.id));
}

function cursorAfter({ id, startedAt }: Run): string {
  return writeCursor({ startedMs: startedAt.getTime(), id: encodeText(id) });
}

/** Rows of the same group become one. */
function merged(rows: readonly SummaryRow[]): SummaryRow[] {
  const groups = new Map<string, SummaryRow[]>();
  for (const row of rows) {
    const key = JSON.stringify(Object.values(row.group));
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()].map(sumOf).sort(byGroup);
}

function sumOf(rows: readonly SummaryRow[]): SummaryRow {
  const [first, ...others] = rows as readonly [SummaryRow, ...SummaryRow[]];
  if (others.length === 0) return first;
  const counters: Counters = {};
  const cost = new CostSum();
  for (const { tokenUsage, costUsd } of rows) {
    addNumbers(counters, tokenUsage);
    if (costUsd !== null) cost.add(costUsd);
  }
  const total = (read: (row: SummaryRow) => number): number => rows.reduce((sum, row) => sum + read(row), 0);
  return {
    group: first.group,
    runs: total(({ runs }) => runs),
    turns: total(({ turns }) => turns),
    tokenUsage: freezeUsage(counters),
    costUsd: rows.every(({ costUsd }) => costUsd === null) ? null : cost.usd,
    unpricedRequests: total(({ unpricedRequests }) => unpricedRequests),
  };
}

function byGroup({ group: one }: SummaryRow, { group: other }: SummaryRow): number {
  for (const [name, value] of Object.entries(one)) {
    const against = other[name] ?? null;
    if (value === against) continue;
    if (value === null || against === null) return value === null ? 1 : -1;
    return value < against ? -1 : 1;
  }
  return 0;
}
