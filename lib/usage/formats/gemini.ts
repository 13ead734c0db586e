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
