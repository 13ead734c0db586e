import type { ValidationIssue } from '../record/error';
import { isObject, memberOf } from './member';

/**
 * One key on the way to a count. Where it leads to a list, only the items count whose `member` is the
 * `word`.
 */
interface Step {
  readonly key: string;
  readonly only: { readonly member: string; readonly word: string } | null;
}

/** One place of a count, or several that are added up. */
export interface Source {
  readonly ways: readonly (readonly Step[])[];
  /** Looked at only where no source before it has anything. */
  readonly isFallback: boolean;
  /** Looked for in the payload around the usage, and not in the usage. */
  readonly isAround: boolean;
  readonly text: string;
}

const STEP = /^([^[\]]+)(?:\[(\w+)=(\w+)\])?$/;

/**
 * Where a count stands, as a format writes it:
 *
 * - `prompt_tokens_details.cached_tokens`: keys from the usage object down. A list on the way adds up.
 * - `details[modality=AUDIO].tokenCount`: only the items of a list whose `modality` is `AUDIO`.
 * - `a + b`: the sum of what is there.
 * - `? a`: only where nothing before it is filled.
 * - `^providerMetadata.anthropic.x`: in the payload around the usage.
 */
export function readSource(text: string): Source {
  const isFallback = text.startsWith('? ');
  const written = isFallback ? text.slice(2) : text;
  const isAround = written.startsWith('^');
  const ways = (isAround ? written.slice(1) : written)
    .split(' + ')
    .map((way) => way.split('.').map(readStep));
  return { ways, isFallback, isAround, text };
}

function readStep(text: string): Step {
  const [, key = text, member, word] = STEP.exec(text) ?? [];
  return { key, only: member === undefined || word === undefined ? null : { member, word } };
}

/** The top keys that a source looks at, each with the keys below it. */
export function keysOf({ ways }: Source): string[][] {
  return ways.map((steps) => steps.map(({ key }) => key));
}

/**
 * The count at a source; undefined where there is none. A value that is no count is an issue with its path.
 */
export function countAt(
  { ways }: Source,
  usage: object,
  path: string,
  issues: ValidationIssue[],
): number | undefined {
  let sum: number | undefined;
  for (const steps of ways) {
    const count = walk(usage, steps, 0, path, issues);
    if (count !== undefined) sum = (sum ?? 0) + count;
  }
  return sum;
}

function walk(
  value: object,
  steps: readonly Step[],
  index: number,
  path: string,
  issues: ValidationIssue[],
): number | undefined {
  const step = steps[index];
  if (step === undefined) return undefined;
  const found = memberOf(value, step.key);
  if (found === undefined || found === null) return undefined;
  if (Array.isArray(found)) return walkList(found as unknown[], steps, index, path, issues);
  if (typeof found === 'object') return walk(found, steps, index + 1, path, issues);
  // A value where an object was expected belongs to another format.
  return index === steps.length - 1 ? takeCount(found, pathOf(steps, path), issues) : undefined;
}

function walkList(
  items: readonly unknown[],
  steps: readonly Step[],
  index: number,
  path: string,
  issues: ValidationIssue[],
): number | undefined {
  const only = steps[index]?.only ?? null;
  let sum: number | undefined;
  for (const item of items) {
    if (!isObject(item) || (only !== null && memberOf(item, only.member) !== only.word)) continue;
    const count = walk(item, steps, index + 1, path, issues);
    if (count !== undefined) sum = (sum ?? 0) + count;
  }
  return sum;
}

function pathOf(steps: readonly Step[], path: string): string {
  const keys = steps.map(({ key }) => key);
  return (path === '' ? keys : [path, ...keys]).join('.');
}

/** A count; undefined for what is not reported, or is an object and so belongs to another format. */
export function takeCount(value: unknown, path: string, issues: ValidationIssue[]): number | undefined {
  if (typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER) return value;
  if (value === undefined || value === null || typeof value === 'object') return undefined;
  issues.push({ path, message: 'must be a count: a number, not negative, at most 2^53 - 1' });
  return undefined;
}
