import type { Counts, MutableCounts } from './counts';

/** Whether a part is in the whole that stands beside it. */
export type Whereabouts = 'inside' | 'outside' | 'unknown';

/** The counts of a usage object, before it is known which of them include which. */
export interface Wholes {
  readonly counts: Counts;
  readonly cache: Whereabouts;
  readonly reasoning: 'inside' | 'outside';
  /** The whole input, where the producer gives that too. */
  readonly wholeInput: number | undefined;
}

/**
 * The counts, with cached tokens included in the input and reasoning in the output. The numbers tell
 * whether they already were: a part is never larger than its whole, and the producer's total is the sum of
 * what it lists. Where they do not tell, the format does. Null where that does not either.
 */
export function settleWholes(wholes: Wholes): Counts | null {
  const { counts, wholeInput } = wholes;
  const { input_tokens: input, output_tokens: output } = counts;
  const cached = (counts.cache_read_tokens ?? 0) + (counts.cache_write_tokens ?? 0);
  const reasoning = counts.reasoning_tokens ?? 0;
  const outside = partsOutside(wholes, cached, reasoning);
  if (outside === null) return null;
  const settled: MutableCounts = { ...counts };
  const inputs = wholeInput ?? add(input, outside.cached) ?? inputParts(counts, cached);
  if (inputs !== undefined) settled.input_tokens = inputs;
  const outputs = add(output, outside.reasoning) ?? outputParts(counts, reasoning);
  if (outputs !== undefined) settled.output_tokens = outputs;
  if (inputs !== undefined || outputs !== undefined) {
    settled.total_tokens = Math.max((inputs ?? 0) + (outputs ?? 0), counts.total_tokens ?? 0);
  }
  return settled;
}

/** How many tokens have to be added to the input and to the output; null where nothing tells. */
function partsOutside(
  wholes: Wholes,
  cached: number,
  reasoning: number,
): { readonly cached: number; readonly reasoning: number } | null {
  const { counts, wholeInput } = wholes;
  const { input_tokens: input, output_tokens: output, total_tokens: total } = counts;
  const cacheWays = cacheWaysOf(wholes, cached, input, wholeInput);
  const reasoningWays = waysOf(reasoning, wholes.reasoning === 'outside', output);
  for (const cache of total === 0 ? [] : cacheWays) {
    for (const reasoned of reasoningWays) {
      if (total === (input ?? 0) + (output ?? 0) + cache + reasoned) {
        return { cached: cache, reasoning: reasoned };
      }
    }
  }
  if (wholes.cache === 'unknown' && wholeInput === undefined && cacheWays.length > 1) return null;
  return { cached: cacheWays[0] ?? 0, reasoning: reasoningWays[0] ?? 0 };
}

const NOTHING_OUTSIDE: readonly number[] = [0];

function cacheWaysOf(
  { cache }: Wholes,
  cached: number,
  input: number | undefined,
  wholeInput: number | undefined,
): readonly number[] {
  if (cached === 0) return NOTHING_OUTSIDE;
  if (wholeInput !== undefined && input !== undefined) return [wholeInput >= input + cached ? cached : 0];
  // A producer that leaves the cache out of the input always does; its total may include it or not.
  return cache === 'outside' ? [cached] : waysOf(cached, false, input);
}

/** How much of a part may be outside its whole, the likelier first. */
function waysOf(part: number, isOutside: boolean, whole: number | undefined): readonly number[] {
  if (part === 0) return NOTHING_OUTSIDE;
  if (whole !== undefined && part > whole) return [part];
  return isOutside ? [part, 0] : [0, part];
}

function add(whole: number | undefined, part: number): number | undefined {
  return whole === undefined ? undefined : whole + part;
}

/** The known parts of an input. Where the input itself is missing, they are the least that it can be. */
function inputParts(
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
