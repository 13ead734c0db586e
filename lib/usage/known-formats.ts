import { aiSdk } from './formats/ai-sdk';
import { anthropic } from './formats/anthropic';
import { bedrock } from './formats/bedrock';
import { claudeResult } from './formats/claude-result';
import { codex } from './formats/codex';
import { gemini } from './formats/gemini';
import { openaiChat, openaiResponses } from './formats/openai';
import { openaiAgents } from './formats/openai-agents';
import type { KnownFormat } from './report';

/** The formats that are known by name, and recognised by shape. */
export const USAGE_FORMATS = [
  'openai-chat',
  'openai-responses',
  'anthropic',
  'gemini',
  'ai-sdk',
  'claude-result',
  'codex',
  'bedrock',
  'openai-agents',
] as const;

/** The name of a known format. */
export type UsageFormatName = (typeof USAGE_FORMATS)[number];

/** Each known format, by its name. */
export const FORMATS: Readonly<Record<UsageFormatName, KnownFormat>> = {
  'openai-chat': openaiChat,
  'openai-responses': openaiResponses,
  anthropic,
  gemini,
  'ai-sdk': aiSdk,
  'claude-result': claudeResult,
  codex,
  bedrock,
  'openai-agents': openaiAgents,
};

/** Whether the name is one of {@link USAGE_FORMATS}. */
export function isFormatName(name: unknown): name is UsageFormatName {
  return (USAGE_FORMATS as readonly unknown[]).includes(name);
}
