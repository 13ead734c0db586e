import type { PayloadFormat } from './format';
import { Format } from './format';
import { aiSdk, aiSdkModel } from './formats/ai-sdk';
import { anthropic } from './formats/anthropic';
import { bedrock, bedrockLlama } from './formats/bedrock';
import { claudeModel } from './formats/claude';
import { codex, codexAppServer } from './formats/codex';
import { cline, cursor, kimi, pi } from './formats/coding-agents';
import { cohere } from './formats/cohere';
import { gemini, geminiInteraction, geminiSnake } from './formats/gemini';
import { langchain } from './formats/langchain';
import { mistral } from './formats/mistral';
import { ollama } from './formats/ollama';
import { openaiChat, openaiResponses } from './formats/openai';
import { openaiAgents, openaiAgentsSnake } from './formats/openai-agents';
import { opencode } from './formats/opencode';
import { totals } from './formats/totals';

/** The name of a known format. */
export type UsageFormatName =
  | 'openai-chat'
  | 'openai-responses'
  | 'anthropic'
  | 'gemini'
  | 'ai-sdk'
  | 'claude-result'
  | 'codex'
  | 'bedrock'
  | 'openai-agents'
  | 'langchain'
  | 'mistral'
  | 'cohere'
  | 'ollama'
  | 'opencode'
  | 'cursor'
  | 'pi'
  | 'kimi'
  | 'cline'
  | 'totals';

const DEFINITIONS: Readonly<Record<UsageFormatName, readonly PayloadFormat[]>> = {
  'openai-chat': [openaiChat],
  'openai-responses': [openaiResponses],
  anthropic: [anthropic],
  gemini: [gemini, geminiSnake, geminiInteraction],
  'ai-sdk': [aiSdk, aiSdkModel],
  'claude-result': [claudeModel],
  codex: [codex, codexAppServer],
  bedrock: [bedrock, bedrockLlama],
  'openai-agents': [openaiAgents, openaiAgentsSnake],
  langchain: [langchain],
  mistral: [mistral],
  cohere: [cohere],
  ollama: [ollama],
  opencode: [opencode],
  cursor: [cursor],
  pi: [pi],
  kimi: [kimi],
  cline: [cline],
  totals: [totals],
};

/** The formats that are known by name, and recognised by shape. */
export const USAGE_FORMATS = Object.keys(DEFINITIONS) as readonly UsageFormatName[];

/** Each way in which each known format is written. */
export const FORMATS: readonly Format[] = USAGE_FORMATS.flatMap((name) =>
  DEFINITIONS[name].map((definition) => new Format(name, definition)),
);

/** Whether the name is one of {@link USAGE_FORMATS}. */
export function isFormatName(name: unknown): name is UsageFormatName {
  return (USAGE_FORMATS as readonly unknown[]).includes(name);
}
