import { roundToNano } from './cost';
import type { ValidationIssue } from './error';
import { RunError } from './error';
import { setMember } from './json';
import { findUnknown } from './options';
import type { RunJSON } from './run-json';

/** The limits on the wire. */
type LimitsJSON = NonNullable<RunJSON['limits']>;

/** What a run may use. A limit that is absent does not hold. */
export interface RunLimits {
  /** The most turns of the run itself. `Infinity` is no limit, here and below. */
  readonly maxTurns?: number | undefined;
  /** The most tokens of the run and its descendants: the larger of `total_tokens` and input + output. */
  readonly maxTotalTokens?: number | undefined;
  /** The most that the run and its descendants may cost, in US dollars. */
  readonly maxCostUsd?: number | undefined;
  /** Whether requests without a price may pass under `maxCostUsd`. @default false */
  readonly allowUnpriced?: boolean | undefined;
  /** The part of a limit, from 0 to 1, at which `limitApproaching` is emitted. @default 0.8 */
  readonly approachingRatio?: number | undefined;
}

/** The limits that something is counted against. */
export type RunLimitName = 'maxTurns' | 'maxTotalTokens' | 'maxCostUsd';

/** What limits are held against. */
export interface Spending {
  readonly turns: number;
  readonly totalTokens: number;
  /** US dollars; null while unknown. */
  readonly costUsd: number | null;
  /** Requests that no price was found for. */
  readonly unpricedRequests: number;
}

/** A limit and what is used of it. */
export interface LimitUse {
  readonly limit: RunLimitName;
  readonly allowed: number;
  readonly actual: number;
}

interface Field {
  /** Whether `Infinity` says that there is no such limit. */
  readonly mayBeInfinite?: true;
  readonly wireName: keyof LimitsJSON;
  readonly accepts: (value: unknown) => boolean;
  readonly message: string;
}

const FIELDS: Readonly<Record<keyof RunLimits, Field>> = {
  maxTurns: {
    wireName: 'max_turns',
    mayBeInfinite: true,
    accepts: isCount,
    message: 'must be an integer, not negative',
  },
  maxTotalTokens: {
    wireName: 'max_total_tokens',
    mayBeInfinite: true,
    accepts: isCount,
    message: 'must be an integer, not negative',
  },
  maxCostUsd: {
    wireName: 'max_cost_usd',
    mayBeInfinite: true,
    accepts: (value) => Number.isFinite(value) && (value as number) >= 0,
    message: 'must be a finite number, not negative',
  },
  allowUnpriced: {
    wireName: 'allow_unpriced',
    accepts: (value) => typeof value === 'boolean',
    message: 'must be a boolean',
  },
  approachingRatio: {
    wireName: 'approaching_ratio',
    accepts: (value) => Number.isFinite(value) && (value as number) > 0 && (value as number) <= 1,
    message: 'must be a number above 0, at most 1',
  },
};

/** Each limit by its name as an attribute, and by its name on the wire. */
const LIMITS = {
  attributes: limitsBy((attribute) => attribute),
  wire: limitsBy((_, { wireName }) => wireName),
};

/** Where limits keep those of a record that this version does not know, by their names on the wire. */
const LATER = Symbol('limits of a later version');

const DEFAULT_APPROACHING_RATIO = 0.8;

/**
 * Checks limits and copies them. A name that is no limit is refused: misspelt, it would be none. In a
 * record it may be one of a later version, and is kept to be written back.
 *
 * @param names - Whether the members are named as in {@link RunLimits} or as on the wire.
 * @returns null where no limit is set.
 */
export function readLimits(
  value: unknown,
  names: 'attributes' | 'wire',
  issues: ValidationIssue[],
): RunLimits | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'object' || Array.isArray(value)) {
    issues.push({ path: 'limits', message: 'must be an object' });
    return null;
  }
  const limits: Record<string, unknown> = {};
  const unknown: Record<string, unknown> = {};
  for (const [name, limit] of Object.entries(value)) {
    const field = LIMITS[names].get(name);
    if (field === undefined) setMember(unknown, name, limit);
    else if (limit === undefined || limit === null) continue;
    else if (limit === Infinity && field.mayBeInfinite && names === 'attributes') {
      limits[field.attribute] = undefined;
    } else if (field.accepts(limit)) limits[field.attribute] = limit;
    else issues.push({ path: `limits.${name}`, message: field.message });
  }
  if (names === 'attributes') findUnknown(unknown, [...LIMITS.attributes.keys()], issues, ['limits']);
  else if (Object.keys(unknown).length > 0) Object.assign(limits, { [LATER]: unknown });
  return Reflect.ownKeys(limits).length === 0 ? null : Object.freeze(limits);
}

/**
 * The limits of a run with the given ones over them; null where none is left. A given `undefined` lifts a
 * limit.
 */
export function mergeLimits(limits: RunLimits | null, given: RunLimits | null): RunLimits | null {
  if (given === null) return limits;
  const merged = { ...limits, ...given };
  for (const name of Object.keys(merged) as (keyof RunLimits)[]) {
    if (merged[name] === undefined) Reflect.deleteProperty(merged, name);
  }
  return Reflect.ownKeys(merged).length === 0 ? null : Object.freeze(merged);
}

/** The limits as a record has them. */
export function limitsToJSON(limits: RunLimits): LimitsJSON {
  const json: Record<string, unknown> = { ...(limits as { readonly [LATER]?: object })[LATER] };
  for (const [attribute, { wireName }] of Object.entries(FIELDS)) {
    const limit = limits[attribute as keyof RunLimits];
    if (limit !== undefined) json[wireName] = limit;
  }
  return json;
}

/** How much of each limit that is set has been used. */
export function useOfLimits(limits: RunLimits, spending: Spending): LimitUse[] {
  const uses: LimitUse[] = [];
  const add = (limit: RunLimitName, actual: number): void => {
    const allowed = limits[limit];
    // A sum may become infinite, which JSON cannot carry.
    if (allowed !== undefined) uses.push({ limit, allowed, actual: Math.min(actual, Number.MAX_VALUE) });
  };
  add('maxTurns', spending.turns);
  add('maxTotalTokens', spending.totalTokens);
  add('maxCostUsd', spending.costUsd ?? 0);
  return uses;
}

/** The error of a run that went past a limit; null while it is within all of them. */
export function exceededLimit(limits: RunLimits, spending: Spending): RunError | null {
  const passed = useOfLimits(limits, spending).find(({ allowed, actual }) => actual > allowed);
  if (passed !== undefined) return limitError(passed, 'exceeded');
  const { maxCostUsd, allowUnpriced = false } = limits;
  if (maxCostUsd === undefined || allowUnpriced || spending.unpricedRequests === 0) return null;
  const { costUsd, unpricedRequests } = spending;
  return new RunError(
    'limit_exceeded',
    `Limit maxCostUsd (${maxCostUsd}) cannot be held: ${unpricedRequests} requests have no price`,
    {
      details: { limit: 'maxCostUsd', allowed: maxCostUsd, actual: costUsd, unpricedRequests },
    },
  );
}

/** The error of a run that has nothing left for a next step; null while it has. */
export function exhaustedLimit(limits: RunLimits, spending: Spending): RunError | null {
  const used = useOfLimits(limits, spending).find(({ allowed, actual }) => actual >= allowed);
  return used === undefined ? exceededLimit(limits, spending) : limitError(used, 'used up');
}

/** Whether so much of the limit is used that its run says so. */
export function isApproaching({ allowed, actual }: LimitUse, limits: RunLimits): boolean {
  // Rounded, since 3 * 0.8 is more than 2.4.
  return actual >= roundToNano(allowed * (limits.approachingRatio ?? DEFAULT_APPROACHING_RATIO));
}

function limitError({ limit, allowed, actual }: LimitUse, what: string): RunError {
  return new RunError('limit_exceeded', `Limit ${limit} ${what}: ${actual} of ${allowed}`, {
    details: { limit, allowed, actual },
  });
}

function limitsBy(
  nameOf: (attribute: string, field: Field) => string,
): ReadonlyMap<string, Field & { readonly attribute: string }> {
  return new Map(
    Object.entries(FIELDS).map(([attribute, field]) => [nameOf(attribute, field), { attribute, ...field }]),
  );
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
