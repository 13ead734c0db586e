import type { Counts, MutableCounts } from './counts';
import { withTotal } from './counts';

/** Whether a part is in the whole that stands beside it. */
export type Whereabouts = 'inside' | 'outside' | 'unknown';

/** What a usage object says, before it is known what is in what. */
export interface Wholes {
  readonly counts: Counts;
  readonly cache: Whereabouts;
  readonly reasoning: 'inside' | 'outside';
  /** The input with everything, where the producer gives that too. */
  readonly wholeInput: number | undefined;
}

/** One way to understand the numbers. */
interface Guess {
  readonly isCacheOut: boolean;
  readonly isReasoningOut: boolean;
}

/**
 * The counts with what was cached in the input and reasoning in the output. A part is never larger
 * than its whole, and the producer's own total says what was added to what; where numbers say nothing,
 * the format does. Null where nothing says it.
 */
export function settleWholes(wholes: Wholes): Counts | null {
  const { counts, wholeInput } = wholes;
  const { input_tokens: input, output_tokens: output } = counts;
  const cached = (counts.cache_read_tokens ?? 0) + (counts.cache_write_tokens ?? 0);
  const reasoning = counts.reasoning_tokens ?? 0;
  const guess = guessOf(wholes, cached, reasoning);
  if (guess === null) return null;
  const settled: MutableCounts = { ...counts };
  const inputs = wholeInput ?? add(input, guess.isCacheOut ? cached : 0) ?? partsOf(counts, cached);
  if (inputs !== undefined) settled.input_tokens = inputs;
  const outputs = add(output, guess.isReasoningOut ? reasoning : 0) ?? outputParts(counts, reasoning);
  if (outputs !== undefined) settled.output_tokens = outputs;
  return withTotal(settled);
}

function guessOf({ counts, ...defaults }: Wholes, cached: number, reasoning: number): Guess | null {
  const { input_tokens: input, output_tokens: output, total_tokens: total = 0 } = counts;
  const mayCacheBeIn = input === undefined || cached <= input;
  const mayReasoningBeIn = output === undefined || reasoning <= output;
  const byWhole = cacheByWhole(defaults.wholeInput, input, cached);
  const cacheWays = waysOf(cached, byWhole ?? defaults.cache, mayCacheBeIn, defaults.cache !== 'outside');
  const reasoningWays = waysOf(reasoning, defaults.reasoning, mayReasoningBeIn, true);
  const guesses = cacheWays.flatMap((isCacheOut) =>
    reasoningWays.map((isReasoningOut) => ({ isCacheOut, isReasoningOut })),
  );
  const fitting = guesses.find(
    ({ isCacheOut, isReasoningOut }) =>
      total > 0 &&
      total === (input ?? 0) + (output ?? 0) + (isCacheOut ? cached : 0) + (isReasoningOut ? reasoning : 0),
  );
  const isUntold = byWhole === null && defaults.cache === 'unknown' && cacheWays.length > 1;
  return fitting ?? (isUntold ? null : (guesses[0] ?? null));
}

function cacheByWhole(
  whole: number | undefined,
  input: number | undefined,
  cached: number,
): Whereabouts | null {
  if (whole === undefined || input === undefined || cached === 0) return null;
  return whole >= input + cached ? 'outside' : 'inside';
}

/** Whether a part is outside, the likelier answer first; one answer where only one is possible. */
function waysOf(part: number, where: Whereabouts, mayBeIn: boolean, mayDiffer: boolean): boolean[] {
  if (part === 0) return [where === 'outside'];
  if (!mayBeIn) return [true];
  if (where === 'outside') return mayDiffer ? [true, false] : [true];
  return [false, true];
}

function add(whole: number | undefined, part: number): number | undefined {
  return whole === undefined ? undefined : whole + part;
}

/** A whole that nobody gives is at least what is known of its parts. */
function partsOf(
  { input_audio_tokens: audio = 0, input_image_tokens: image = 0 }: Counts,
  cached: number,
): number | undefined {
  return Math.max(cached, audio + image) || undefined;
}

function outputParts(
  { output_audio_tokens: audio = 0, output_image_tokens: image = 0 }: Counts,
  reasoning: number,
): number | undefined {
  return Math.max(reasoning, audio + image) || undefined;
}
