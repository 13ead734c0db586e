/**
 * The counters that a meter writes, the same whatever the provider. What a provider did not report
 * is absent.
 */
export interface UsageCounters {
  /** Tokens that went in, those read from or written to a cache included. */
  readonly input_tokens?: number;
  /** Tokens that came out, reasoning included. */
  readonly output_tokens?: number;
  /** The part of `input_tokens` that was read from a cache. */
  readonly cache_read_tokens?: number;
  /** The part of `input_tokens` that was written to a cache. */
  readonly cache_write_tokens?: number;
  /** The part of `output_tokens` that was reasoning. */
  readonly reasoning_tokens?: number;
  /** Input and output; more where the provider's own total has tokens that it does not list. */
  readonly total_tokens?: number;
  /** Calls of a model. */
  readonly requests?: number;
}

/** Counts that only a price depends on; they are no counters of the run. */
export interface PriceDetails {
  /** The part of `cache_write_tokens` that is kept for an hour. */
  readonly cache_write_1h_tokens?: number;
  /** The part of `input_tokens` that was audio. */
  readonly input_audio_tokens?: number;
  /** The part of `output_tokens` that was audio. */
  readonly output_audio_tokens?: number;
  /** Searches that the provider ran. */
  readonly web_searches?: number;
}

/** What one report says, under known names only. */
export type Counts = { -readonly [Name in keyof (UsageCounters & PriceDetails)]?: number };

/** The name of a count. */
export type CountName = keyof Counts;

/** The names of {@link UsageCounters}. */
export const COUNTER_NAMES = [
  'input_tokens',
  'output_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'reasoning_tokens',
  'total_tokens',
  'requests',
] as const;

/** Every name that a report may have. */
export const COUNT_NAMES: readonly CountName[] = [
  ...COUNTER_NAMES,
  'cache_write_1h_tokens',
  'input_audio_tokens',
  'output_audio_tokens',
  'web_searches',
];

/** Makes counts by asking for each; those that nobody reported stay absent. */
export function countsFrom(countOf: (name: CountName) => number | undefined): Counts {
  const counts: Counts = {};
  for (const name of COUNT_NAMES) {
    const count = countOf(name);
    if (count !== undefined) counts[name] = count;
  }
  return counts;
}

/** The sums. */
export function addCounts(left: Counts, right: Counts): Counts {
  return countsFrom((name) => combine(left[name], right[name], 1));
}

/** What the left has more than the right; negative where it has less. */
export function subtractCounts(left: Counts, right: Counts): Counts {
  return countsFrom((name) => combine(left[name], right[name], -1));
}

/** The larger of each, for reports of one request that grow. */
export function largestCounts(left: Counts, right: Counts): Counts {
  return withTotal(
    countsFrom((name) => {
      const [a, b] = [left[name], right[name]];
      return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);
    }),
  );
}

/** The counts with `total_tokens`: input and output, or the provider's own total where that is larger. */
export function withTotal(counts: Counts): Counts {
  const { input_tokens: input, output_tokens: output, total_tokens: total } = counts;
  if (input === undefined && output === undefined) return counts;
  return { ...counts, total_tokens: Math.max((input ?? 0) + (output ?? 0), total ?? 0) };
}

/** Whether the left reports some count that is lower than what the right has. */
export function hasLower(left: Counts, right: Counts): boolean {
  return COUNT_NAMES.some((name) => {
    const [a, b] = [left[name], right[name]];
    return a !== undefined && b !== undefined && a < b;
  });
}

/** Whether any count is other than zero. */
export function isAnyCounted(counts: Counts): boolean {
  return COUNT_NAMES.some((name) => (counts[name] ?? 0) !== 0);
}

function combine(left: number | undefined, right: number | undefined, sign: 1 | -1): number | undefined {
  if (left === undefined && right === undefined) return undefined;
  // Not `sign * (right ?? 0)`: that would give -0.
  return sign === 1 ? (left ?? 0) + (right ?? 0) : (left ?? 0) - (right ?? 0);
}
