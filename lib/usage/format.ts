import type { ValidationIssue } from '../record/error';
import type { CountName, MutableCounts } from './counts';
import type { Source } from './count-path';
import { countAt, keysOf, readSource } from './count-path';
import { isObject, memberOf } from './member';
import type { FormatContext, Sighting } from './sighting';
import type { Whereabouts } from './wholes';

/**
 * How one producer writes usage: data, and a few lines where data does not do. CONTRIBUTING says how
 * to write one from a payload.
 */
export interface PayloadFormat {
  /** Where each count stands (see `readSource`). Where several places are filled, they must agree. */
  readonly counts: Readonly<Partial<Record<CountName, readonly string[]>>>;
  /** Other counts in the payload that are part of those in `counts`, and so are not read. */
  readonly parts?: readonly string[];
  /** Whether the input includes what was cached. @default 'inside', unless the numbers say otherwise */
  readonly cache?: Whereabouts | ((context: FormatContext) => Whereabouts);
  /** Whether the output includes reasoning. @default 'inside', unless the numbers say otherwise */
  readonly reasoning?: 'inside' | 'outside';
  /** Keys of which one must be there, for a format whose other keys are used by others too. */
  readonly marks?: readonly string[];
  /** Whether the payload around the usage says that it is of this format. */
  readonly isOf?: (sighting: Sighting) => boolean;
  /** The provider whose prices hold where nobody names one, by the price data's id. */
  readonly provider?: string;
  /** The id of the request, where the producer's ids are unique. */
  readonly idOf?: (sighting: Sighting) => string | null;
  /** The requests or messages that the usage lists, where each is priced by itself; none for the usage itself. */
  readonly listed?: (usage: object) => readonly object[];
  /** Whether the listed entries are together one request, and not one each. */
  readonly listsOneRequest?: boolean;
  /** Whether the usage is a snapshot of everything so far. @default it is of one request */
  readonly isSnapshot?: (sighting: Sighting) => boolean;
  /** Whether the usage is an object that goes on growing, so that the same object again adds its growth. */
  readonly isLive?: (usage: object) => boolean;
  /** What to do where the numbers do not tell whether the cache is in the input. */
  readonly advice?: string;
}

/** What is known below a key; null where all of it is. */
type Tree = Map<string, Tree | null>;

/** The whole input, which some give beside the input: a key that every format knows. */
export const WHOLE_INPUT: ReadonlySet<string> = new Set(['totalInputTokens', 'total_input_tokens']);
/** Counts that several formats have: they tell nothing about which format it is. */
const NO_TOKENS: readonly CountName[] = ['requests', 'web_searches'];
/**
 * Words in the keys of details whose tokens have a price or a counter of their own, and so must not be
 * overlooked.
 */
const APART = /cach|reason|think|thought|audio|image/i;
const NO_COUNT = /cost|price|usd|^max|limit|window|budget|remaining|per_?sec|^time_to|latency/i;

/** A format, ready to read. */
export class Format {
  /** Keys at the top of the usage object under which a count stands. */
  readonly countKeys = new Set<string>();
  /** Keys at the top under which an object with counts stands. */
  readonly detailKeys = new Set<string>();
  readonly #tree: Tree = new Map();
  readonly #sources: readonly (readonly [name: CountName, sources: readonly Source[]])[];

  constructor(
    readonly name: string,
    readonly definition: PayloadFormat,
  ) {
    const named = Object.entries(definition.counts) as [CountName, readonly string[]][];
    this.#sources = named.map(([count, texts]) => [count, texts.map(readSource)] as const);
    for (const [count, sources] of this.#sources) {
      for (const source of sources) if (!source.isAround) this.#know(source, !NO_TOKENS.includes(count));
    }
    for (const part of definition.parts ?? []) grow(this.#tree, part.split('.'), true);
  }

  /** The keys that it knows. */
  get knownKeys(): Iterable<string> {
    return this.#tree.keys();
  }

  /** Whether the payload is one that the format may claim. */
  mayClaim(sighting: Sighting): boolean {
    const { marks, isOf } = this.definition;
    if (marks === undefined) return true;
    return marks.some((mark) => isMarked(sighting.usage, mark.split('.'))) || isOf?.(sighting) === true;
  }

  /** The counts as the payload has them, each from its first filled place. */
  read(usage: object, { around, path }: Sighting, issues: ValidationIssue[]): MutableCounts {
    const counts: MutableCounts = {};
    const sighted = { usage, around, path };
    for (const [name, sources] of this.#sources) {
      const count = readOne(name, sources, sighted, issues);
      if (count !== undefined) counts[name] = count;
    }
    return counts;
  }

  /** Whether the format finds an input or an output there, and not only parts of them. */
  readsWholes(sighting: Sighting): boolean {
    const { input_tokens: input, output_tokens: output } = this.read(sighting.usage, sighting, []);
    return input !== undefined || output !== undefined;
  }

  /** Whether the usage object has details that are of this format, or of another. */
  hasDetailsIn(usage: object): boolean {
    return Object.keys(usage).some((key) => isObject(memberOf(usage, key)));
  }

  /** The paths of counts in the usage object that the format does not take. */
  untaken(usage: object): string[] {
    const paths: string[] = [];
    for (const key of Object.keys(usage)) {
      const below = this.#tree.get(key);
      if (below === null) continue;
      const value = memberOf(usage, key);
      if (below !== undefined) {
        if (isObject(value)) collectUntaken(value, below, key, paths);
      } else if (!WHOLE_INPUT.has(key) && holdsCount(value) && isCountWord(key, value)) {
        paths.push(key);
      }
    }
    return paths;
  }

  #know(source: Source, doesClaim: boolean): void {
    for (const keys of keysOf(source)) {
      grow(this.#tree, keys);
      const [top] = keys;
      if (top === undefined || !doesClaim) continue;
      (keys.length === 1 ? this.countKeys : this.detailKeys).add(top);
    }
  }
}

/** @param isAll - Whether everything below is known, also where only some of it was. */
function grow(tree: Tree, keys: readonly string[], isAll = false): void {
  let at = tree;
  for (const [index, key] of keys.entries()) {
    const isLast = index === keys.length - 1;
    const below = at.get(key);
    if (below === undefined || (isLast && isAll)) at.set(key, isLast ? null : new Map());
    const next = at.get(key);
    if (isLast || next === undefined || next === null) return;
    at = next;
  }
}

function readOne(
  name: CountName,
  sources: readonly Source[],
  { usage, around, path }: Pick<Sighting, 'usage' | 'around' | 'path'>,
  issues: ValidationIssue[],
): number | undefined {
  let found: number | undefined;
  for (const source of sources) {
    if (source.isFallback && found !== undefined && found > 0) continue;
    const count = source.isAround
      ? countAt(source, around.at(-1) ?? usage, '', issues)
      : countAt(source, usage, path, issues);
    if (count === undefined) continue;
    if (found !== undefined && found > 0 && count > 0 && count !== found) {
      issues.push({ path: at(path, source.text), message: `says other than what else gives ${name}` });
    }
    found = found === undefined ? count : Math.max(found, count);
  }
  return found;
}

function at(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

function isMarked(usage: object, keys: readonly string[]): boolean {
  let value: unknown = usage;
  for (const key of keys) value = isObject(value) ? memberOf(value, key) : undefined;
  return value !== undefined && typeof value !== 'string';
}

/** Whether there is a number other than zero in it. */
export function holdsCount(value: unknown): boolean {
  if (typeof value === 'number') return value !== 0;
  if (!isObject(value)) return false;
  return Object.keys(value).some((key) => holdsCount(memberOf(value, key)));
}

/** Whether a key that nobody knows is one under which tokens are counted. */
export function isCountWord(key: string, value: unknown): boolean {
  if (NO_COUNT.test(key)) return false;
  if (/token|cache|reasoning|thought/i.test(key)) return true;
  if (!isObject(value)) return false;
  return Object.keys(value).some((inner) => {
    const below = memberOf(value, inner);
    return holdsCount(below) && isCountWord(inner, below);
  });
}

/** Below a key that is known, only what is counted or priced apart has to be taken. */
function collectUntaken(value: object, tree: Tree, path: string, paths: string[]): void {
  for (const key of Object.keys(value)) {
    const below = Array.isArray(value) ? tree : tree.get(key);
    if (below === null) continue;
    const inner = memberOf(value, key);
    if (typeof inner === 'number') {
      if (below !== undefined || inner === 0 || !APART.test(key) || NO_COUNT.test(key)) continue;
      paths.push(`${path}.${key}`);
    } else if (isObject(inner)) {
      collectUntaken(inner, below ?? NO_TREE, `${path}.${key}`, paths);
    }
  }
}

const NO_TREE: Tree = new Map();
