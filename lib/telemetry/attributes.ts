import type { Attributes } from '@opentelemetry/api';
import { portOf } from '../attachment';
import type { JsonObject } from '../record/json';
import type { AnyRun } from '../run';
import type { TokenUsage } from '../record/token-usage';
import {
  ERROR_TYPE,
  GEN_AI_AGENT_NAME,
  GEN_AI_CONVERSATION_ID,
  GEN_AI_INPUT_MESSAGES,
  GEN_AI_OPERATION_NAME,
  GEN_AI_OUTPUT_MESSAGES,
  GEN_AI_PROVIDER_NAME,
  GEN_AI_REQUEST_MODEL,
  GEN_AI_TOKEN_MODALITY,
  GEN_AI_USAGE_INPUT_TOKENS,
  GEN_AI_USAGE_OUTPUT_TOKENS,
  OPERATION_INVOKE_AGENT,
  RUN_COST_USD,
  RUN_ID,
  RUN_TURN_COUNT,
  TOKEN_MODALITY_UNKNOWN,
} from './names';

/** The name of the agent: the run's own, else the one that is given for all. */
export function agentNameOf(run: AnyRun, agentName: string | undefined): string | undefined {
  return textOf(run.metadata['agent_name']) ?? textOf(agentName);
}

/** The model: the one that the run names, else the only one that usage was metered of. */
function modelOf(run: AnyRun): string | undefined {
  return textOf(run.providerMetadata['model']) ?? textOf(run.metadata['model']) ?? meteredModel(run);
}

/** What a usage meter keeps in the run's record has a pair for each model, its name first. */
function meteredModel(run: AnyRun): string | undefined {
  const port = portOf(run);
  if (!port.keepsMore && port.kept('usage_meter') === undefined) return undefined;
  const models = run.toJSON().usage_meter?.['models'];
  const [pair, ...others] = Array.isArray(models) ? (models as unknown[]) : [];
  const model = Array.isArray(pair) && others.length === 0 ? textOf(pair[0]) : undefined;
  return model === 'unknown' ? undefined : model;
}

/** What a span says from its start, for samplers to see. */
export function startAttributes(run: AnyRun, agentName: string | undefined): Attributes {
  return known({
    [GEN_AI_OPERATION_NAME]: OPERATION_INVOKE_AGENT,
    [GEN_AI_CONVERSATION_ID]: run.sessionId,
    [GEN_AI_AGENT_NAME]: agentName,
    [GEN_AI_REQUEST_MODEL]: modelOf(run),
    [RUN_ID]: run.id,
  });
}

/** What a span says at its end. What nobody reported is left out. */
export function endAttributes(run: AnyRun, errorType: string | undefined): Attributes {
  return known({
    [GEN_AI_REQUEST_MODEL]: modelOf(run),
    [GEN_AI_USAGE_INPUT_TOKENS]: tokensIn(run.tokenUsage),
    [GEN_AI_USAGE_OUTPUT_TOKENS]: tokensOut(run.tokenUsage),
    [RUN_TURN_COUNT]: run.turnCount,
    [RUN_COST_USD]: run.costUsd ?? undefined,
    [ERROR_TYPE]: errorType,
  });
}

/** What a run's duration is told apart by. */
export function durationAttributes(
  run: AnyRun,
  agentName: string | undefined,
  errorType: string | undefined,
): Attributes {
  return known({
    [GEN_AI_AGENT_NAME]: agentName,
    [GEN_AI_REQUEST_MODEL]: modelOf(run),
    [ERROR_TYPE]: errorType,
  });
}

/** What a run's tokens are told apart by. */
export function tokenAttributes(run: AnyRun): Attributes {
  return known({
    [GEN_AI_OPERATION_NAME]: OPERATION_INVOKE_AGENT,
    [GEN_AI_PROVIDER_NAME]: run.provider ?? undefined,
    [GEN_AI_REQUEST_MODEL]: modelOf(run),
    [GEN_AI_TOKEN_MODALITY]: TOKEN_MODALITY_UNKNOWN,
  });
}

/** The tokens that were reported since; a counter that has not moved says nothing. */
export function usageSince(before: TokenUsage, after: TokenUsage): Attributes {
  return known({
    [GEN_AI_USAGE_INPUT_TOKENS]: grown(tokensIn(before), tokensIn(after)),
    [GEN_AI_USAGE_OUTPUT_TOKENS]: grown(tokensOut(before), tokensOut(after)),
  });
}

/** What went in, as messages. Personal data: only on request. */
export function inputContent(run: AnyRun): Attributes {
  if (run.input === null) return {};
  return { [GEN_AI_INPUT_MESSAGES]: JSON.stringify([{ role: 'user', parts: [textPart(run.input)] }]) };
}

/** What came out, as messages. Personal data: only on request. */
export function outputContent(run: AnyRun): Attributes {
  if (run.output === null) return {};
  const message = { role: 'assistant', parts: [textPart(run.output)], finish_reason: 'stop' };
  return { [GEN_AI_OUTPUT_MESSAGES]: JSON.stringify([message]) };
}

/** The input tokens of a run, in the counter that usage meters write. */
export function tokensIn(usage: TokenUsage): number | undefined {
  return countOf(usage['input_tokens']);
}

/** The output tokens of a run, in the counter that usage meters write. */
export function tokensOut(usage: TokenUsage): number | undefined {
  return countOf(usage['output_tokens']);
}

/** A payload that is one text is that text, any other its JSON. */
function textPart(payload: object): JsonObject {
  const values: unknown[] = Object.values(payload);
  const [only] = values;
  const content = values.length === 1 && typeof only === 'string' ? only : JSON.stringify(payload);
  return { type: 'text', content };
}

function grown(before = 0, after = before): number | undefined {
  return after === before ? undefined : after - before;
}

function countOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function known(attributes: Attributes): Attributes {
  const found: Attributes = {};
  for (const name in attributes) {
    const value = attributes[name];
    if (value !== undefined) found[name] = value;
  }
  return found;
}
