import { normalizeModelName } from './model-name';

/** What a tier or speed costs, as a multiple of the list price. */
interface TierRate {
  readonly provider: string;
  readonly tier: string;
  /** The models that it is published for. @default all */
  readonly models?: RegExp;
  readonly factor: number;
}

/**
 * The published rates that are a single multiple of the list price for everything in the request: OpenAI's
 * and Anthropic's price pages, Google's page on its batch API (read November 2026).
 */
const RATES: readonly TierRate[] = [
  { provider: 'openai', tier: 'flex', factor: 0.5 },
  { provider: 'openai', tier: 'batch', factor: 0.5 },
  { provider: 'openai', tier: 'priority', models: /^gpt-5(?:-\d{4}-\d{2}-\d{2})?$/, factor: 2 },
  { provider: 'anthropic', tier: 'batch', factor: 0.5 },
  { provider: 'anthropic', tier: 'fast', models: /^claude-opus-4-6(?:-\d{8})?$/, factor: 6 },
  { provider: 'google', tier: 'batch', factor: 0.5 },
];

/** The maker of a model by its name, where nobody names the provider. */
const MAKERS: readonly (readonly [name: RegExp, provider: string])[] = [
  [/^(?:gpt|o\d|chatgpt|codex|text-embedding)/, 'openai'],
  [/^claude/, 'anthropic'],
  [/^gemini/, 'google'],
];

/** What the list price is multiplied with; null where no rate is published. */
export function tierFactor(
  tier: string | null,
  provider: string | null,
  model: string | null,
): number | null {
  if (tier === null) return 1;
  const full = normalizeModelName(model ?? '');
  const name = full.slice(full.lastIndexOf('/') + 1);
  const whose = provider ?? MAKERS.find(([pattern]) => pattern.test(name))?.[1];
  const rate = RATES.find(
    (known) => known.tier === tier && known.provider === whose && (known.models?.test(name) ?? true),
  );
  return rate?.factor ?? null;
}
