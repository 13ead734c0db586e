import type { ValidationIssue } from '../record/error';
import { validationError } from '../record/error';
import { costIn, modelIn, providerIn } from './around';
import { shapeOf } from './choose-format';
import type { Counts, MutableCounts } from './counts';
import { COUNT_NAMES, namesIn, reported, withTotal } from './counts';
import type { Format } from './format';
import { holdsCount } from './format';
import type { UsageFormatName } from './formats';
import { FORMATS } from './formats';
import { takeCount } from './count-path';
import { memberOf, textOf } from './member';
import type { Reading, Readings, UsageFormat } from './reading';
import { requestReadings } from './reading';
import type { FormatContext, Sighting } from './sighting';
import { tierIn } from './tier-in';
import { unreadable, untakenCounts } from './unreadable';
import { settleWholes } from './wholes';

/** What is known about a payload before it is read. */
export interface ReadOptions {
  readonly format: UsageFormatName | UsageFormat | null;
  readonly provider: string | null;
  /** Named for this very payload. */
  readonly model: string | null;
  /** The model where the payload names none. */
  readonly defaultModel: string | null;
}

/** The same usage, read by a format. */
interface Candidate {
  readonly format: Format;
  readonly list: readonly Reading[];
  readonly issues: readonly ValidationIssue[];
}

/**
 * Reads a usage object in the format that its shape tells.
 *
 * @returns null for what is no usage.
 * @throws {RunError} `validation_error` for counts that no format takes, that formats read differently, or
 * that are none.
 */
export function readUsage(sighting: Sighting, options: ReadOptions): Readings | null {
  const { format } = options;
  if (typeof format === 'string') return readNamed(format, sighting, options);
  const { whole, some, hasKeys } = shapeOf(sighting);
  if (some.length === 0) return hasKeys ? missing(sighting, options) : null;
  const candidates = readAll(whole, sighting, options);
  if (candidates.length === 0) return readTogether(some, sighting, options);
  return agreed(candidates, sighting);
}

/** A usage object whose counts are all missing: a request was made, and nobody knows what it used. */
export function missing({ around }: Sighting, { model, defaultModel }: ReadOptions): Readings {
  const named = model ?? modelIn(around) ?? defaultModel;
  return requestReadings([{ model: named, counts: {}, costUsd: null, tier: null, id: null }]);
}

function readNamed(name: string, sighting: Sighting, options: ReadOptions): Readings | null {
  for (const format of FORMATS) {
    if (format.name !== name || !isAnyKeyOf(format, sighting.usage)) continue;
    const candidate = readIn(format, sighting, options);
    const names = candidate.list.flatMap(({ counts }) => namesIn(counts));
    const isCounted = names.length > 0;
    // A total is anybody's word: of a payload that counts more, it says nothing of the format.
    const isTotalOnly = isCounted && names.every((count) => count === 'total_tokens');
    if (isTotalOnly && format.untaken(sighting.usage).length > 0) continue;
    if (isCounted || candidate.issues.length > 0 || !holdsCount(sighting.usage)) {
      return agreed([candidate], sighting);
    }
  }
  return null;
}

function isAnyKeyOf({ countKeys, detailKeys }: Format, usage: object): boolean {
  return [...countKeys, ...detailKeys].some((key) => memberOf(usage, key) !== undefined);
}

/** The formats that take every count, down to the details. */
function readAll(formats: readonly Format[], sighting: Sighting, options: ReadOptions): Candidate[] {
  const likely = formats.filter(({ definition }) => definition.isOf?.(sighting) === true);
  const candidates: Candidate[] = [];
  for (const format of likely.length > 0 ? likely : formats) {
    if (format.hasDetailsIn(sighting.usage) && format.untaken(sighting.usage).length > 0) continue;
    const candidate = readIn(format, sighting, options);
    const isEmpty =
      candidate.issues.length === 0 && candidate.list.every(({ counts }) => namesIn(counts).length === 0);
    if (isEmpty && holdsCount(sighting.usage)) continue;
    candidates.push(candidate);
  }
  return candidates;
}

/** The one reading that all formats agree on. */
function agreed(candidates: readonly Candidate[], sighting: Sighting): Readings {
  const [first, ...others] = candidates;
  if (first === undefined) throw unreadable('is no usage that is known');
  refuseIssues(candidates);
  const differing = others.find(({ list }) => !sameList(first.list, list));
  if (differing !== undefined) {
    // Where some find an input or an output, those that find only parts read the words of another.
    const found = candidates.filter(({ format }) => format.readsWholes(sighting));
    if (found.length > 0 && found.length < candidates.length) return agreed(found, sighting);
    throw differently([first.format, differing.format]);
  }
  const { definition } = first.format;
  return requestReadings(first.list, {
    scope: definition.isSnapshot?.(sighting) === true ? 'cumulative' : 'request',
    liveTotal: definition.isLive?.(sighting.usage) === true ? sighting.usage : null,
    provider: providerIn(sighting.around) ?? (others.length === 0 ? (definition.provider ?? null) : null),
  });
}

function sameList(left: readonly Reading[], right: readonly Reading[]): boolean {
  return left.every(({ counts }, index) => sameCounts(counts, right[index]?.counts ?? {}));
}

function sameCounts(left: Counts, right: Counts): boolean {
  return COUNT_NAMES.every((name) => (left[name] ?? 0) === (right[name] ?? 0));
}

/** Reads an object that has the keys of two formats: each count is taken once, from where it is filled. */
function readTogether(claiming: readonly Format[], sighting: Sighting, options: ReadOptions): Readings {
  const { usage } = sighting;
  const formats = claiming.filter((format) => format.readsWholes(sighting));
  const left = new Map(formats.map((format) => [format, format.untaken(usage)] as const));
  let together: Counts | null = null;
  let fits: readonly [Format, Format] | null = null;
  for (const [index, one] of formats.entries()) {
    for (const other of formats.slice(index + 1)) {
      const isCovered = !overlap(left.get(one) ?? [], left.get(other) ?? []);
      if (!isCovered) continue;
      fits ??= [one, other];
      const merged = merge(readIn(one, sighting, options), readIn(other, sighting, options));
      if (merged !== null) together = bestOf(together, merged, fits);
    }
  }
  if (together !== null) {
    const [reading] = readIn(formats[0] as Format, sighting, options).list;
    return requestReadings([{ ...(reading as Reading), counts: together }], {
      provider: providerIn(sighting.around),
    });
  }
  if (fits !== null) throw differently(fits);
  const untaken = claiming.map((format) => format.untaken(usage));
  const fewest = untaken.sort((a, b) => a.length - b.length)[0] ?? [];
  if (fewest.length === 0) throw unreadable('has nothing of what a format takes for tokens');
  throw untakenCounts(fewest.map((path) => (sighting.path === '' ? path : `${sighting.path}.${path}`)));
}

/** Whether both leave some count untaken, by itself or with the object that holds it. */
function overlap(left: readonly string[], right: readonly string[]): boolean {
  return left.some((a) => right.some((b) => a === b || a.startsWith(`${b}.`) || b.startsWith(`${a}.`)));
}

function differently([one, other]: readonly [Format, Format]): Error {
  return unreadable(`fits the formats ${one.name} and ${other.name}, which read it differently: name one`);
}

function bestOf(known: Counts | null, merged: Counts, fits: readonly [Format, Format]): Counts {
  if (known === null || sameCounts(known, merged)) return merged;
  throw differently(fits);
}

/** The counts of both, where they do not contradict each other; null where they do. */
function merge(one: Candidate, other: Candidate): Counts | null {
  refuseIssues([one, other]);
  const counts = [...one.list, ...other.list].map((reading) => reading.counts);
  if (counts.length > 2) return null;
  const [left = {}, right = {}] = counts;
  const merged: MutableCounts = { ...left };
  for (const name of namesIn(right)) {
    const [a, b] = [left[name] ?? 0, right[name] ?? 0];
    if (name !== 'total_tokens' && a !== b && a > 0 && b > 0) return null;
    merged[name] = Math.max(a, b);
  }
  return withTotal(merged);
}

function refuseIssues(candidates: readonly Candidate[]): void {
  for (const { issues } of candidates) if (issues.length > 0) throw validationError('usage', [...issues]);
}

function readIn(format: Format, sighting: Sighting, options: ReadOptions): Candidate {
  const issues: ValidationIssue[] = [];
  const model = options.model ?? modelIn(sighting.around) ?? options.defaultModel;
  const provider = options.provider ?? providerIn(sighting.around);
  const context: FormatContext = { sighting, provider, model };
  const { definition } = format;
  const listed = definition.listed?.(sighting.usage) ?? [];
  const counts = countsIn(format, sighting.usage, context, issues);
  const shared = {
    tier: tierIn(sighting),
    costUsd: costIn(sighting, issues),
    id: definition.idOf?.(sighting) ?? null,
  };
  if (listed.length === 0) return { format, list: [{ model, counts, ...shared }], issues };
  const list = listed.map((item, index): Reading => {
    const own = countsIn(format, item, context, issues);
    const requests = definition.listsOneRequest === true && index > 0 ? 0 : 1;
    const { web_searches, reasoning_tokens } = counts;
    const atTop =
      index > 0 || definition.listsOneRequest !== true ? {} : reported({ web_searches, reasoning_tokens });
    return {
      ...shared,
      model: textOf(item, 'model') ?? model,
      counts: { ...atTop, ...own, requests },
      isWhole: definition.listsOneRequest === true,
      costUsd: index === 0 ? shared.costUsd : shared.costUsd === null ? null : 0,
    };
  });
  return { format, list, issues };
}

function countsIn(format: Format, usage: object, context: FormatContext, issues: ValidationIssue[]): Counts {
  const { definition } = format;
  const { path } = context.sighting;
  const cache = typeof definition.cache === 'function' ? definition.cache(context) : definition.cache;
  const isOwn = format.countKeys.has('total_input_tokens');
  const wholeInput = isOwn
    ? undefined
    : (memberOf(usage, 'totalInputTokens') ?? memberOf(usage, 'total_input_tokens'));
  const settled = settleWholes({
    counts: format.read(usage, context.sighting, issues),
    cache: cache ?? 'inside',
    reasoning: definition.reasoning ?? 'inside',
    wholeInput: takeCount(wholeInput, path === '' ? 'totalInputTokens' : `${path}.totalInputTokens`, issues),
  });
  if (settled !== null) return settled;
  throw unreadable(definition.advice ?? 'does not say whether the input has what was cached');
}
