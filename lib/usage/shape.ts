import type { UsageFormatName } from './known-formats';
import { FORMATS, USAGE_FORMATS } from './known-formats';
import { isObject, memberOf } from './report';

/** A usage object inside a payload. */
export interface Place {
  readonly usage: object;
  readonly path: string;
}

/** Where a usage object stands in what clients hand out, best first. */
const PLACES: readonly (readonly string[])[] = [
  [],
  ['totalUsage'],
  ['usage'],
  ['usageMetadata'],
  ['message', 'usage'],
  ['response', 'usage'],
  ['state', 'usage'],
  ['context', 'usage'],
  ['event', 'usage'],
  ['event', 'message', 'usage'],
];

/** LangChain's, whose input includes what was cached: not to be taken for one of ours. */
const FOREIGN_MARKS = ['input_token_details', 'output_token_details'];

/** A key, or a path of two. */
type Path = readonly [key: string, inner: string | undefined];

const KEYS = pathsOf(Object.values(FORMATS).flatMap(({ keys }) => keys));
const MARKS = pathsOf([...Object.values(FORMATS).flatMap(({ marks }) => marks), ...FOREIGN_MARKS]);

/** Whatever in the payload may be a usage object, best first. */
export function* placesIn(payload: object): Generator<Place> {
  for (const keys of PLACES) {
    let usage: unknown = payload;
    for (const key of keys) usage = isObject(usage) ? memberOf(usage, key) : undefined;
    if (isObject(usage)) yield { usage, path: keys.join('.') };
  }
}

/** The formats of which the usage object has keys, and no mark that only others have. */
export function formatsOf(usage: object): UsageFormatName[] {
  const keys = present(KEYS, usage);
  const foundMarks = present(MARKS, usage);
  if (keys.length === 0 && foundMarks.length === 0) return [];
  return USAGE_FORMATS.filter((name) => {
    const { keys: ownKeys, marks } = FORMATS[name];
    const isOwn = keys.some((key) => ownKeys.includes(key)) || foundMarks.length > 0;
    return isOwn && foundMarks.every((mark) => marks.includes(mark));
  });
}

/** Whether the usage object has keys of the format. */
export function hasKeysOf(name: UsageFormatName, usage: object): boolean {
  return FORMATS[name].keys.some((key) => memberOf(usage, key) !== undefined);
}

/** The paths under which the object has something, null too. */
function present(paths: ReadonlyMap<string, Path>, usage: object): string[] {
  const found: string[] = [];
  for (const [name, [key, inner]] of paths) {
    const value = memberOf(usage, key);
    if (value === undefined) continue;
    if (inner === undefined || (isObject(value) && memberOf(value, inner) !== undefined)) found.push(name);
  }
  return found;
}

function pathsOf(names: readonly string[]): Map<string, Path> {
  return new Map(
    names.map((name) => {
      const [key = '', inner] = name.split('.');
      return [name, [key, inner]];
    }),
  );
}
