import type { PayloadFormat } from '../format';
import { textOf } from '../member';

/**
 * Gemini's `usageMetadata`, of the Live API too. Source: `GenerateContentResponseUsageMetadata` and
 * `UsageMetadata` of `@google/genai` 3.3 (read November 2026). The prompt includes what was cached, the
 * candidates leave out the thoughts, and the total has everything.
 */
export const gemini: PayloadFormat = {
  counts: {
    input_tokens: ['promptTokenCount + toolUsePromptTokenCount'],
    output_tokens: ['candidatesTokenCount', 'responseTokenCount'],
    total_tokens: ['totalTokenCount'],
    cache_read_tokens: ['cachedContentTokenCount'],
    reasoning_tokens: ['thoughtsTokenCount'],
    input_audio_tokens: inputOf('AUDIO'),
    input_image_tokens: inputOf('IMAGE'),
    output_audio_tokens: outputOf('AUDIO'),
    output_image_tokens: outputOf('IMAGE'),
    cache_audio_read_tokens: ['cacheTokensDetails[modality=AUDIO].tokenCount'],
    cache_image_read_tokens: ['cacheTokensDetails[modality=IMAGE].tokenCount'],
  },
  reasoning: 'outside',
  provider: 'google',
  idOf: ({ around }) => textOf(around.at(-1) ?? {}, 'responseId', 'response_id'),
};

/** The same names in snake case, as Google's other clients write them. */
export const geminiSnake: PayloadFormat = {
  ...gemini,
  counts: Object.fromEntries(
    Object.entries(gemini.counts).map(([name, sources]) => [name, sources.map(inSnakeCase)]),
  ),
};

/**
 * The usage of Gemini's Interactions API, whole or in the events of its stream. Source: `Usage` of
 * interactions in `@google/genai` 3.3 (read November 2026). The parts stand to each other as above.
 */
export const geminiInteraction: PayloadFormat = {
  counts: {
    input_tokens: ['total_input_tokens + total_tool_use_tokens'],
    output_tokens: ['total_output_tokens'],
    total_tokens: ['total_tokens'],
    cache_read_tokens: ['total_cached_tokens'],
    reasoning_tokens: ['total_thought_tokens'],
    input_audio_tokens: [
      'input_tokens_by_modality[modality=audio].tokens + tool_use_tokens_by_modality[modality=audio].tokens',
    ],
    input_image_tokens: [
      'input_tokens_by_modality[modality=image].tokens + tool_use_tokens_by_modality[modality=image].tokens',
    ],
    output_audio_tokens: ['output_tokens_by_modality[modality=audio].tokens'],
    output_image_tokens: ['output_tokens_by_modality[modality=image].tokens'],
    cache_audio_read_tokens: ['cached_tokens_by_modality[modality=audio].tokens'],
    cache_image_read_tokens: ['cached_tokens_by_modality[modality=image].tokens'],
  },
  parts: ['initial_input_tokens'],
  marks: ['total_output_tokens', 'total_thought_tokens', 'total_cached_tokens', 'total_tool_use_tokens'],
  reasoning: 'outside',
  provider: 'google',
  isOf: ({ around }) => textOf(around.at(-1) ?? {}, 'object') === 'interaction',
  idOf: ({ around }) => textOf(around.at(-1) ?? {}, 'id', 'interaction_id'),
};

function inputOf(modality: string): string[] {
  const count = `Details[modality=${modality}].tokenCount`;
  return [`promptTokens${count} + toolUsePromptTokens${count}`];
}

function outputOf(modality: string): string[] {
  const count = `Details[modality=${modality}].tokenCount`;
  return [`candidatesTokens${count}`, `responseTokens${count}`];
}

function inSnakeCase(source: string): string {
  return source.replaceAll(
    /([a-z])([A-Z])/g,
    (_pair, before: string, after: string) => `${before}_${after.toLowerCase()}`,
  );
}
