/**
 * What one report counts, of a request or a total, under the same names for every provider. What a provider
 * did not report is absent. The first seven become counters of a run; the others only matter for a price.
 */
export interface Counts {
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
  /** The part of `cache_write_tokens` that is kept for an hour. */
  readonly cache_write_1h_tokens?: number;
  /** The part of `input_tokens` that was audio, cached audio included. */
  readonly input_audio_tokens?: number;
  /** The part of `input_tokens` that was images, cached images included. */
  readonly input_image_tokens?: number;
  /** The part of `output_tokens` that was audio. */
  readonly output_audio_tokens?: number;
  /** The part of `output_tokens` that was images. */
  readonly output_image_tokens?: number;
  /** The part of `cache_read_tokens` that was audio. */
  readonly cache_audio_read_tokens?: number;
  /** The part of `cache_read_tokens` that was images. */
  readonly cache_image_read_tokens?: number;
  /** Searches that the provider ran. */
  readonly web_searches?: number;
}

/** The name of a count. */
export type CountName = keyof Counts;

/** Counts while they are put together. */
export type MutableCounts = { -readonly [Name in keyof Counts]: Counts[Name] };

/** The counts that are counters of a run. */
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
  'input_image_tokens',
  'output_audio_tokens',
  'output_image_tokens',
  'cache_audio_read_tokens',
  'cache_image_read_tokens',
  'web_searches',
];

/** Makes counts by calling the function for each name; what it gives undefined for stays absent. */
export function countsFrom(countOf: (name: CountName) => number | undefined): Counts {
  const counts: MutableCounts = {};
  for (const name of COUNT_NAMES) {
    const count = countOf(name);
    if (count !== undefined) counts[name] = count;
  }
  return counts;
}

/** The sums. */
export function addCounts(left: Counts, right: Counts): Counts {
  const sum: MutableCounts = { ...left };
  addInto(sum, right);
  return sum;
}

/** Adds in place. */
export function addInto(sum: MutableCounts, counts: Counts): void {
  for (const key in counts) {
    const name = key as CountName;
    sum[name] = (sum[name] ?? 0) + (counts[name] ?? 0);
  }
}

/** The left minus the right. */
export function subtractCounts(left: Counts, right: Counts): Counts {
  const difference: MutableCounts = { ...left };
  for (const name of namesIn(right)) difference[name] = (difference[name] ?? 0) - (right[name] ?? 0);
  return difference;
}

/** The larger of each, for reports of one request that grow. */
export function largestCounts(left: Counts, right: Counts): Counts {
  const largest: MutableCounts = { ...left };
  for (const name of namesIn(right)) largest[name] = Math.max(largest[name] ?? 0, right[name] ?? 0);
  return withTotal(largest);
}

/** The counts with `total_tokens`: input and output, or the provider's own total where that is larger. */
export function withTotal(counts: Counts): Counts {
  const { input_tokens: input, output_tokens: output, total_tokens: total } = counts;
  if (input === undefined && output === undefined) return counts;
  return { ...counts, total_tokens: Math.max((input ?? 0) + (output ?? 0), total ?? 0) };
}

/** Whether some count of the left is lower than the same of the right. */
export function hasLower(left: Counts, right: Counts): boolean {
  return namesIn(right).some((name) => (left[name] ?? Infinity) < (right[name] ?? 0));
}

/** Whether any count is other than zero. */
export function isAnyCounted(counts: Counts): boolean {
  return namesIn(counts).some((name) => counts[name] !== 0);
}

/** The names of the counts that are there. */
export function namesIn(counts: Counts): CountName[] {
  return Object.keys(counts) as CountName[];
}

/** The counters of a run among the counts, in their order. */
export function countersOf(counts: Counts): Counts {
  const counters: MutableCounts = {};
  for (const name of COUNTER_NAMES) {
    const count = counts[name];
    if (count !== undefined) counters[name] = count;
  }
  return counters;
}

/** The counts with nothing that is undefined. */
export function reported(counts: Readonly<Partial<Record<CountName, number | undefined>>>): Counts {
  const known: MutableCounts = {};
  for (const [name, count] of Object.entries(counts)) {
    if (count !== undefined) known[name as CountName] = count;
  }
  return known;
}
