import { isObject, memberOf, textOf } from '../../usage/member';

/** What the result of a model's call says. */
export interface ModelResult {
  /** The payload that has the usage; null where there is none. */
  readonly usage: object | null;
  readonly model: string | null;
  readonly responseId: string | null;
}

/**
 * Reads LangChain's `LLMResult`: a chat model's usage stands on the message, that of other models in `llmOutput`.
 * Source: @langchain/core 1.4, read November 2026.
 */
export function readModelResult(output: object): ModelResult {
  const messages = messagesOf(output);
  const message = messages.find((one) => isObject(memberOf(one, 'usage_metadata'))) ?? messages[0];
  const metadata = message === undefined ? undefined : memberOf(message, 'response_metadata');
  const model = isObject(metadata) ? textOf(metadata, 'model_name', 'model', 'modelId', 'model_id') : null;
  const responseId = message === undefined ? null : textOf(message, 'id');
  return { usage: usageOf(output, message), model, responseId };
}

function usageOf(output: object, message: object | undefined): object | null {
  if (message !== undefined) {
    const usage = memberOf(message, 'usage_metadata');
    if (isObject(usage)) {
      return { usage_metadata: usage, response_metadata: memberOf(message, 'response_metadata') };
    }
  }
  const llmOutput = memberOf(output, 'llmOutput');
  if (!isObject(llmOutput)) return null;
  const usage = memberOf(llmOutput, 'tokenUsage') ?? memberOf(llmOutput, 'estimatedTokenUsage');
  return isObject(usage) && Object.keys(usage).length > 0 ? usage : null;
}

function messagesOf(output: object): object[] {
  const generations: unknown = memberOf(output, 'generations');
  if (!Array.isArray(generations)) return [];
  return generations
    .flat()
    .filter(isObject)
    .map((generation) => memberOf(generation, 'message'))
    .filter(isObject);
}
