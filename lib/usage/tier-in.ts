import { memberOf, objectAt, objectUnder, textOf } from './member';
import type { Sighting } from './sighting';

/** The words for the service that everybody gets at the list price. */
const STANDARD = new Set([
  'default',
  'auto',
  'standard',
  'on_demand',
  'on-demand',
  'unspecified',
  'traffic_type_unspecified',
  'service_tier_unspecified',
]);

const TIER_NAMES = [
  'service_tier',
  'serviceTier',
  'speed',
  'trafficType',
  'traffic_type',
  'performanceConfig',
];

/**
 * The tier or speed of a request; null for the standard one. A line of a batch's results is known by what
 * is around the response; the response itself says `default`.
 */
export function tierIn(sighting: Sighting): string | null {
  if (isOfBatch(sighting.around)) return 'batch';
  const told: string[] = [];
  for (const source of tellers(sighting)) {
    for (const name of TIER_NAMES) {
      const word = wordOf(memberOf(source, name));
      if (word !== null && !STANDARD.has(word) && !told.includes(word)) told.push(word);
    }
  }
  return told.length === 0 ? null : told.sort().join('+');
}

/**
 * The objects that may name a tier: the usage, what is around it, and what a client passes on of the
 * response.
 */
function tellers({ usage, around }: Sighting): object[] {
  const raw = objectAt(usage, 'raw');
  const found = raw === undefined ? [usage] : [usage, raw];
  for (const payload of around) {
    if (payload !== usage) found.push(payload);
    const metadata = objectAt(payload, 'providerMetadata');
    if (metadata !== undefined) found.push(...ofProviders(metadata));
    const response = objectAt(payload, 'response_metadata');
    if (response !== undefined) found.push(response, objectAt(response, 'usage') ?? {});
  }
  return found;
}

function ofProviders(metadata: object): object[] {
  return Object.keys(metadata).flatMap((name) => {
    const provider = objectAt(metadata, name);
    if (provider === undefined) return [];
    return [provider, objectAt(provider, 'usage') ?? {}, objectAt(provider, 'usageMetadata') ?? {}];
  });
}

function wordOf(value: unknown): string | null {
  if (typeof value === 'string' && value !== '') return value.toLowerCase();
  return typeof value === 'object' && value !== null ? wordOf(textOf(value, 'type', 'latency')) : null;
}

/** OpenAI's and Anthropic's lines have a `custom_id`, Gemini's a `key`. */
function isOfBatch(around: readonly object[]): boolean {
  const line = around[0];
  if (line === undefined) return false;
  if (textOf(line, 'custom_id') !== null) {
    return (
      objectUnder(line, 'response', 'body') !== undefined ||
      objectUnder(line, 'result', 'message') !== undefined
    );
  }
  return textOf(line, 'key') !== null && objectUnder(line, 'response', 'usageMetadata') !== undefined;
}
