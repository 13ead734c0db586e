import type { Status } from './records';
import { STATUSES } from './records';

/** A view and all that its address says; the address is the part behind `#`. */
export type Route =
  | { readonly view: 'overview'; readonly range: RangeName }
  | { readonly view: 'runs'; readonly filter: RunFilter; readonly cursor: string | null }
  | { readonly view: 'run'; readonly id: string; readonly step: string | null }
  | { readonly view: 'session'; readonly id: string; readonly cursor: string | null }
  | { readonly view: 'unknown'; readonly path: string };

export type RangeName = '24h' | '7d' | '30d' | '90d';

export const RANGES: readonly RangeName[] = ['24h', '7d', '30d', '90d'];

export const DEFAULT_RANGE: RangeName = '7d';

/** Which runs are listed; texts as somebody typed them. */
export interface RunFilter {
  readonly status: readonly Status[];
  readonly sessionId: string;
  readonly provider: string;
  readonly awaiting: '' | 'answer' | 'resume';
  readonly rootsOnly: boolean;
  /** `YYYY-MM-DD`, a local day. */
  readonly from: string;
  /** `YYYY-MM-DD`, the last day that counts. */
  readonly to: string;
  readonly metadata: readonly { readonly name: string; readonly value: string }[];
}

export const NO_FILTER: RunFilter = {
  status: [],
  sessionId: '',
  provider: '',
  awaiting: '',
  rootsOnly: false,
  from: '',
  to: '',
  metadata: [],
};

const METADATA = 'metadata.';
const DATE = /^\d{4}-\d{2}-\d{2}$/;

/** Reads an address; what it cannot mean is left out, so that an old bookmark still shows something. */
export function parseRoute(hash: string): Route {
  const [path, search] = splitOnce(hash.replace(/^#/, ''), '?');
  const query = new URLSearchParams(search);
  const [first = '', ...rest] = path.replace(/^\//, '').split('/');
  const id = decode(rest.join('/'));
  if (first === '') return { view: 'overview', range: rangeOf(query.get('range')) };
  if (first === 'runs' && id === '') {
    return { view: 'runs', filter: filterOf(query), cursor: query.get('cursor') };
  }
  if (first === 'runs') return { view: 'run', id, step: query.get('select') };
  if (first === 'sessions' && id !== '') return { view: 'session', id, cursor: query.get('cursor') };
  return { view: 'unknown', path };
}

/** Writes an address, so that `parseRoute` reads the same route. */
export function routeHash(route: Route): string {
  switch (route.view) {
    case 'overview':
      return address('', route.range === DEFAULT_RANGE ? [] : [['range', route.range]]);
    case 'runs':
      return address('runs', [...filterPairs(route.filter), ...optional('cursor', route.cursor)]);
    case 'run':
      return address(`runs/${encodePart(route.id)}`, optional('select', route.step));
    case 'session':
      return address(`sessions/${encodePart(route.id)}`, optional('cursor', route.cursor));
    case 'unknown':
      return `#${route.path}`;
  }
}

export function runHash(id: string, step: string | null = null): string {
  return routeHash({ view: 'run', id, step });
}

export function sessionHash(id: string): string {
  return routeHash({ view: 'session', id, cursor: null });
}

export function runsHash(filter: Partial<RunFilter> = {}): string {
  return routeHash({ view: 'runs', filter: { ...NO_FILTER, ...filter }, cursor: null });
}

/** The query of `GET /api/runs` for a filter. */
export function runsQuery(filter: RunFilter): [string, string][] {
  return [
    ...filter.status.map((status): [string, string] => ['status', status]),
    ...optional('session_id', filter.sessionId),
    ...optional('provider', filter.provider),
    ...optional('awaiting', filter.awaiting),
    ...(filter.rootsOnly ? [['roots_only', 'true'] as [string, string]] : []),
    ...optional('started_from', dayStart(filter.from, 0)),
    ...optional('started_before', dayStart(filter.to, 1)),
    ...filter.metadata.map(({ name, value }): [string, string] => [METADATA + name, value]),
  ];
}

/** Whether the filter lets every run through. */
export function isUnfiltered(filter: RunFilter): boolean {
  return filterPairs(filter).length === 0;
}

function filterPairs(filter: RunFilter): [string, string][] {
  return [
    ...filter.status.map((status): [string, string] => ['status', status]),
    ...optional('session', filter.sessionId),
    ...optional('provider', filter.provider),
    ...optional('awaiting', filter.awaiting),
    ...(filter.rootsOnly ? [['roots', 'true'] as [string, string]] : []),
    ...optional('from', filter.from),
    ...optional('to', filter.to),
    ...filter.metadata.map(({ name, value }): [string, string] => [METADATA + name, value]),
  ];
}

function filterOf(query: URLSearchParams): RunFilter {
  const awaiting = query.get('awaiting');
  return {
    status: STATUSES.filter((status) => query.getAll('status').includes(status)),
    sessionId: query.get('session') ?? '',
    provider: query.get('provider') ?? '',
    awaiting: awaiting === 'answer' || awaiting === 'resume' ? awaiting : '',
    rootsOnly: query.get('roots') === 'true',
    from: dateOf(query.get('from')),
    to: dateOf(query.get('to')),
    metadata: [...query]
      .filter(([key]) => key.length > METADATA.length && key.startsWith(METADATA))
      .map(([key, value]) => ({ name: key.slice(METADATA.length), value })),
  };
}

function dateOf(text: string | null): string {
  return text !== null && DATE.test(text) && !Number.isNaN(Date.parse(text)) ? text : '';
}

/** Midnight, here, of a day or so many days later. */
function dayStart(date: string, daysLater: number): string {
  if (date === '') return '';
  const [year = 0, month = 1, day = 1] = date.split('-').map(Number);
  return new Date(year, month - 1, day + daysLater).toISOString();
}

function rangeOf(text: string | null): RangeName {
  return RANGES.find((range) => range === text) ?? DEFAULT_RANGE;
}

function address(path: string, pairs: [string, string][]): string {
  const search = new URLSearchParams(pairs).toString();
  return search === '' ? `#/${path}` : `#/${path}?${search}`;
}

function optional(key: string, value: string | null): [string, string][] {
  return value === null || value === '' ? [] : [[key, value]];
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)];
}

/** A part of a path that may hold anything, half a character too. */
export function encodePart(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    return encodeURIComponent(text.replace(/[\uD800-\uDFFF]/g, '\uFFFD'));
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
