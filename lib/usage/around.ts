import type { ValidationIssue } from '../record/error';
import { isObject, memberOf, objectAt, objectUnder, textOf } from './member';
import type { Sighting } from './sighting';

/**
 * The ids that the price data has for providers, by the names that clients have for them where those
 * differ.
 */
const PROVIDERS: readonly (readonly [pattern: RegExp, id: string])[] = [
  [/^(?:aws|amazon|bedrock)/, 'aws'],
  [/^azure/, 'azure'],
  [/^(?:google|gemini|vertex)/, 'google'],
  [/^(?:xai|x-ai)/, 'x-ai'],
  [/^(?:moonshot|kimi)/, 'moonshotai'],
  [/^(anthropic|openai|mistral|groq|deepseek|perplexity|cohere|cerebras|fireworks|openrouter)/, ''],
  [/^together/, 'together'],
];

/** What the innermost of the objects says that says anything. */
function innermost<Found>(around: readonly object[], find: (payload: object) => Found | null): Found | null {
  return around.reduceRight<Found | null>((found, payload) => found ?? find(payload), null);
}

/** The model that a payload names, looked for from the usage object outwards; null where it names none. */
export function modelIn(around: readonly object[]): string | null {
  return innermost(around, modelNamedBy);
}

function modelNamedBy(payload: object): string | null {
  const named = textOf(payload, 'model', 'modelVersion', 'model_version', 'modelId', 'modelID');
  if (named !== null) return named;
  const model = objectAt(payload, 'model');
  if (model !== undefined) return textOf(model, 'modelId', 'modelID', 'id');
  const beside = objectAt(payload, 'response') ?? objectAt(payload, 'response_metadata') ?? {};
  return textOf(beside, 'modelId', 'model_name', 'model', 'modelVersion');
}

/** The provider that the payload names, by the price data's id; null where it names none. */
export function providerIn(around: readonly object[]): string | null {
  const name = innermost(around, providerNamedBy);
  return name === null ? null : knownProvider(name);
}

function providerNamedBy(payload: object): string | null {
  return (
    textOf(payload, 'providerID') ??
    textOf(objectAt(payload, 'model') ?? {}, 'provider', 'providerID') ??
    textOf(objectAt(payload, 'response_metadata') ?? {}, 'model_provider')
  );
}

function knownProvider(name: string): string | null {
  for (const [pattern, id] of PROVIDERS) {
    const match = pattern.exec(name.toLowerCase());
    if (match !== null) return id === '' ? (match[1] ?? null) : id;
  }
  return null;
}

const TICKS_PER_DOLLAR = 1e10;

/** The cost that a payload reports, in US dollars; null where it reports none. */
export function costIn({ usage, around, path }: Sighting, issues: ValidationIssue[]): number | null {
  return (
    costOfUsage(usage, path, issues) ?? innermost(around, (payload) => costAround(payload, usage, issues))
  );
}

/** OpenRouter, Perplexity, xAI, DeepInfra; pi; and this package's own totals. */
function costOfUsage(usage: object, path: string, issues: ValidationIssue[]): number | null {
  const at = (name: string): string => (path === '' ? name : `${path}.${name}`);
  const cost = memberOf(usage, 'cost');
  if (isObject(cost)) {
    return dollars(memberOf(cost, 'total_cost') ?? memberOf(cost, 'total'), at('cost'), issues);
  }
  const upstream = objectAt(usage, 'cost_details');
  if (memberOf(usage, 'is_byok') === true && upstream !== undefined) {
    const own = dollars(cost, at('cost'), issues);
    const theirs = dollars(memberOf(upstream, 'upstream_inference_cost'), at('cost_details'), issues);
    return own === null && theirs === null ? null : (own ?? 0) + (theirs ?? 0);
  }
  const ticks = dollars(memberOf(usage, 'cost_in_usd_ticks'), at('cost_in_usd_ticks'), issues);
  if (ticks !== null) return ticks / TICKS_PER_DOLLAR;
  for (const name of ['cost', 'costUSD', 'cost_usd', 'estimated_cost']) {
    const found = dollars(memberOf(usage, name), at(name), issues);
    if (found !== null) return found;
  }
  const raw = objectAt(usage, 'raw');
  return raw === undefined ? null : costOfUsage(raw, at('raw'), issues);
}

/** LiteLLM, the AI gateway, OpenRouter in the AI SDK, Claude's old transcripts, opencode. */
function costAround(payload: object, usage: object, issues: ValidationIssue[]): number | null {
  const hidden = objectAt(payload, '_hidden_params');
  if (hidden !== undefined) {
    const cost = dollars(memberOf(hidden, 'response_cost'), '_hidden_params.response_cost', issues);
    if (cost !== null) return cost;
  }
  const metadata = objectAt(payload, 'providerMetadata');
  if (metadata !== undefined) {
    const gateway = memberOf(objectAt(metadata, 'gateway') ?? {}, 'cost');
    const cost = dollars(asNumber(gateway), 'providerMetadata.gateway.cost', issues);
    if (cost !== null) return cost;
    const router = objectUnder(metadata, 'openrouter', 'usage');
    if (router !== undefined) return costOfUsage(router, 'providerMetadata.openrouter.usage', issues);
  }
  const isOwnRecord = memberOf(payload, 'token_usage') === usage;
  const isOpencode = memberOf(payload, 'tokens') === usage;
  const names = ['costUSD', ...(isOpencode ? ['cost'] : []), ...(isOwnRecord ? ['cost_usd'] : [])];
  for (const name of names) {
    const cost = dollars(memberOf(payload, name), name, issues);
    if (cost !== null) return cost;
  }
  return null;
}

function asNumber(value: unknown): unknown {
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
}

/** Dollars; null where none are reported. Anything else is an issue. */
export function dollars(value: unknown, path: string, issues: ValidationIssue[]): number | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number' && value >= 0 && Number.isFinite(value)) return value;
  issues.push({ path, message: 'must be dollars: a finite number, not negative' });
  return null;
}
