const LONGEST_NAME = 200;
/** The same few names come again and again. */
const MOST_KNOWN = 1_000;
const KNOWN = new Map<string, string>();

/** Where a model's name begins with who serves it: Bedrock ARNs, Google resource names. */
const RESOURCE_PREFIX = /^(?:arn:[^/]*\/|models\/|publishers\/[^/]+\/models\/|projects\/.*\/models\/)/;
/** Bedrock: an inference profile's region and the vendor, `us.anthropic.`. */
const BEDROCK_PREFIX = /^(?:[a-z]{2,6}\.)?(?:anthropic|amazon|meta|mistral|cohere|deepseek|openai|qwen)\./;
/** Bedrock: the version of the model, `-v1:0`. */
const BEDROCK_VERSION = /-v\d+(?::\d+(?::[\w]+)?)?$/;
/** Claude Code: the size of the context, `[1m]`. */
const CONTEXT_SIZE = /\[[^\]]*\]$/;
/** Vertex: the date behind an at sign, `claude-sonnet-4-5@20250929`. */
const VERTEX_DATE = /@(\d{8})$/;

/**
 * The model's name without what says where it is served, so that one model has one name.
 *
 * `us.anthropic.claude-sonnet-4-5-20250929-v1:0`, `claude-sonnet-4-5@20250929` and
 * `claude-sonnet-4-5-20250929[1m]` are all `claude-sonnet-4-5-20250929`. A date stays: two snapshots
 * of a model are two models. (Forms as of November 2026: AWS's and Google's model cards, Claude Code's
 * `modelUsage`.)
 */
export function normalizeModelName(name: string): string {
  // Stryker disable ConditionalExpression,EqualityOperator: only faster, and bounded; what is known is the same.
  const known = KNOWN.get(name);
  if (known !== undefined) return known;
  const normalized = withoutServer(name);
  if (KNOWN.size >= MOST_KNOWN) KNOWN.clear();
  // Stryker restore ConditionalExpression,EqualityOperator
  KNOWN.set(name, normalized);
  return normalized;
}

function withoutServer(name: string): string {
  let model = name.trim().slice(0, LONGEST_NAME).replace(RESOURCE_PREFIX, '').replace(CONTEXT_SIZE, '');
  if (BEDROCK_PREFIX.test(model)) {
    model = model.replace(BEDROCK_PREFIX, '').replace(BEDROCK_VERSION, '');
  }
  return model.replace(VERTEX_DATE, '-$1').replace(/@(?:default|latest)$/, '');
}

/**
 * The names under which a price may stand, best first: as given, without where it is served, without
 * the maker in front (`openai/gpt-5`).
 */
export function priceableNames(name: string | null): string[] {
  if (name === null) return [];
  const normalized = normalizeModelName(name);
  const bare = normalizeModelName(normalized.slice(normalized.lastIndexOf('/') + 1));
  return [...new Set([name, normalized, bare])].filter((candidate) => candidate !== '');
}
