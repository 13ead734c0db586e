import { holdsCount } from './format';
import { isObject, memberOf, objectUnder } from './member';
import type { Readings } from './reading';
import { untakenCounts } from './unreadable';
import { refusePromise, refuseUnsettled } from './settled';
import type { Sighting } from './sighting';

const METRICS = 'amazon-bedrock-invocationMetrics';

/** The names under which a usage object stands, best first. */
const USAGE_KEYS = [
  'totalUsage',
  'usage',
  'usageMetadata',
  'usage_metadata',
  'token_usage',
  'total_token_usage',
  METRICS,
];

/** Members that a payload with usage may stand in, or beside. */
const WRAPPERS = [
  'message',
  'response',
  'event',
  'interaction',
  'data',
  'delta',
  'metadata',
  'x_groq',
  'state',
  'context',
  '_context',
  'result',
  'body',
  'params',
  'payload',
  'info',
  'properties',
  'part',
  'kwargs',
  'chunk',
  'llmOutput',
  'meta',
  'tokenUsage',
];

/** How deep usage is looked for. */
const DEEPEST = 4;

/** What a search for usage has met. */
export interface Search {
  /** Reads a usage object; null for what is none. */
  readonly read: (sighting: Sighting) => Readings | null;
  /** Reads a payload that is several in one; null for what is none. */
  readonly readMany: (payload: object, around: readonly object[]) => Readings | null;
  /** The first place where usage is null: there is none yet. */
  nullAt: string | null;
  /** Why an object that looked like usage was refused. */
  refusal: Error | null;
  /** The first usage object that is empty. */
  emptyAt: Sighting | null;
}

/** Looks for usage in a payload: in the object itself, under the names of usage, in what it wraps. */
export function findUsage(
  payload: object,
  search: Search,
  around: readonly object[] = [],
  path = '',
): Readings | null {
  const chain = [...around, payload];
  const several = search.readMany(payload, around);
  if (several !== null) return several;
  // Bedrock's metrics count the whole response, its other counts maybe only a piece of it. Converse has a
  // usage that says more.
  const hasMore = objectUnder(payload, 'metadata', 'usage') !== undefined;
  for (const key of USAGE_KEYS) {
    if (key === METRICS && hasMore) continue;
    const found = lookUnder(key, payload, search, chain, path);
    if (found !== null) return found;
  }
  const before = search.refusal;
  const self = readSelf({ usage: payload, key: '', path, around: chain }, search);
  if (self !== null) return self;
  // Where the object itself was refused, no part of it is read by itself.
  const isRefused = search.refusal !== before;
  const inTokens = isRefused ? null : lookUnder('tokens', payload, search, chain, path);
  if (inTokens !== null) return inTokens;
  return chain.length > DEEPEST ? null : findInside(payload, search, chain, path);
}

/** Reads the object itself. A refusal is kept for later: what the object wraps may be readable. */
function readSelf(sighting: Sighting, search: Search): Readings | null {
  try {
    return search.read(sighting);
  } catch (error) {
    search.refusal ??= error as Error;
    return null;
  }
}

function lookUnder(
  key: string,
  payload: object,
  search: Search,
  around: readonly object[],
  path: string,
): Readings | null {
  const usage = memberOf(payload, key);
  const usagePath = path === '' ? key : `${path}.${key}`;
  if (usage === null) search.nullAt ??= usagePath;
  if (!isObject(usage) || Array.isArray(usage)) return null;
  refusePromise(usage, usagePath);
  const sighting = { usage, key, path: usagePath, around };
  const found = search.read(sighting);
  if (found !== null) return found;
  if (saysNothing(usage)) search.emptyAt ??= sighting;
  else if (holdsCount(usage)) search.refusal ??= untakenCounts(countsIn(usage, usagePath));
  return found;
}

/** The paths of counts in an object of which no format takes anything. */
function countsIn(usage: object, path: string): string[] {
  return Object.keys(usage)
    .filter((key) => holdsCount(memberOf(usage, key)))
    .map((key) => `${path}.${key}`);
}

/** Whether the object holds no counts at all: each is undefined, or the request is billed by its duration. */
function saysNothing(usage: object): boolean {
  const isTimed = memberOf(usage, 'type') === 'duration' && typeof memberOf(usage, 'seconds') === 'number';
  return isTimed || Object.keys(usage).every((key) => memberOf(usage, key) === undefined);
}

function findInside(
  payload: object,
  search: Search,
  around: readonly object[],
  path: string,
): Readings | null {
  const at = (name: string): string => (path === '' ? name : `${path}.${name}`);
  for (const name of WRAPPERS) {
    const inner = memberOf(payload, name);
    if (!isObject(inner) || Array.isArray(inner)) continue;
    refusePromise(inner, at(name));
    refuseUnsettled(inner);
    // Codex reports the whole thread beside its newest request.
    const found =
      name === 'tokenUsage' ? lookUnder('total', inner, search, [...around, inner], at(name)) : null;
    const inside = found ?? findUsage(inner, search, around, at(name));
    if (inside !== null) return inside;
  }
  const choices = memberOf(payload, 'choices');
  const [choice] = (Array.isArray(choices) ? choices : []) as unknown[];
  return isObject(choice) ? lookUnder('usage', choice, search, [...around, choice], at('choices[0]')) : null;
}
