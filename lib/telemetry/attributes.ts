import type { Attributes } from '@opentelemetry/api';
import { portOf } from '../attachment';
import type { StartedStep } from '../record/events';
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
  GEN_AI_TOOL_NAME,
  GEN_AI_USAGE_INPUT_TOKENS,
  GEN_AI_USAGE_OUTPUT_TOKENS,
  OPERATION_EXECUTE_TOOL,
  OPERATION_INVOKE_AGENT,
  RUN_COST_USD,
  RUN_ID,
  RUN_TURN_COUNT,
  STEP_KIND,
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

/** The model that usage meters counted, where there was only one. */
function meteredModel(run: AnyRun): string | undefined {
  const [model, ...others] = Object.keys(portOf(run).written('usage_by_model') ?? {});
  return others.length > 0 || model === 'unknown' ? undefined : textOf(model);
}

/** The attributes that a span has from its start, where samplers see them. */
export function startAttributes(run: AnyRun, agentName: string | undefined): Attributes {
  return known({
    [GEN_AI_OPERATION_NAME]: OPERATION_INVOKE_AGENT,
    [GEN_AI_CONVERSATION_ID]: run.sessionId,
    [GEN_AI_AGENT_NAME]: agentName,
    [GEN_AI_REQUEST_MODEL]: modelOf(run),
    [RUN_ID]: run.id,
  });
}

/** The sums of a run at some moment. A span reports what was added to them in it. */
export interface Sums {
  readonly tokenUsage: TokenUsage;
  readonly costUsd: number | null;
  readonly turnCount: number;
}

/** The sums of a run of which nothing has been reported yet. */
export const NOTHING_TOLD: Sums = { tokenUsage: {}, costUsd: null, turnCount: 0 };

/** The sums of a run as they stand. */
export function sumsOf({ tokenUsage, costUsd, turnCount }: AnyRun): Sums {
  return { tokenUsage, costUsd, turnCount };
}

/**
 * The attributes that a span gets at its end: what was added since `told`. What nobody reported is left
 * out.
 */
export function endAttributes(run: AnyRun, told: Sums, errorType: string | undefined): Attributes {
  return known({
    [GEN_AI_REQUEST_MODEL]: modelOf(run),
    [RUN_TURN_COUNT]: run.turnCount - told.turnCount,
    [RUN_COST_USD]: costSince(told.costUsd, run.costUsd),
    [ERROR_TYPE]: errorType,
  });
}

/** The tokens that a span reports at its end. What nobody reported is left out. */
export function usageAttributes(run: AnyRun, told: Sums): Attributes {
  return known({
    [GEN_AI_USAGE_INPUT_TOKENS]: countSince('input_tokens', told.tokenUsage, run.tokenUsage),
    [GEN_AI_USAGE_OUTPUT_TOKENS]: countSince('output_tokens', told.tokenUsage, run.tokenUsage),
  });
}

/** How a counter has grown; undefined while nobody has reported it. */
export function countSince(counter: string, before: TokenUsage, after: TokenUsage): number | undefined {
  const count = countOf(after[counter]);
  return count === undefined ? undefined : count - (countOf(before[counter]) ?? 0);
}

/** The attributes that a step's span has from its start. */
export function stepAttributes({ name, kind }: StartedStep): Attributes {
  return kind === 'tool'
    ? { [GEN_AI_OPERATION_NAME]: OPERATION_EXECUTE_TOOL, [GEN_AI_TOOL_NAME]: name }
    : { [STEP_KIND]: kind };
}

/** The attributes of the metrics of durations and calls. */
export function metricAttributes(
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

/** The attributes of the token counters. */
export function tokenAttributes(run: AnyRun): Attributes {
  return known({
    [GEN_AI_OPERATION_NAME]: OPERATION_INVOKE_AGENT,
    [GEN_AI_PROVIDER_NAME]: run.provider ?? undefined,
    [GEN_AI_REQUEST_MODEL]: modelOf(run),
    [GEN_AI_TOKEN_MODALITY]: TOKEN_MODALITY_UNKNOWN,
  });
}

/** The tokens that were reported between the two; a counter that has not moved is left out. */
export function usageSince(before: TokenUsage, after: TokenUsage): Attributes {
  return known({
    [GEN_AI_USAGE_INPUT_TOKENS]: grown('input_tokens', before, after),
    [GEN_AI_USAGE_OUTPUT_TOKENS]: grown('output_tokens', before, after),
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

/** The value of a counter; undefined where it is no number. */
export function countOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

/** A payload that is one text is that text, any other its JSON. */
function textPart(payload: object): JsonObject {
  const values: unknown[] = Object.values(payload);
  const [only] = values;
  const content = values.length === 1 && typeof only === 'string' ? only : JSON.stringify(payload);
  return { type: 'text', content };
}

function grown(counter: string, before: TokenUsage, after: TokenUsage): number | undefined {
  const growth = countSince(counter, before, after);
  return growth === 0 ? undefined : growth;
}

function costSince(before: number | null, after: number | null): number | undefined {
  if (after === null) return undefined;
  // Sums of dollars are rounded to the nano-dollar, and so is what lies between two of them.
  return Math.round((after - (before ?? 0)) * 1e9) / 1e9;
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
