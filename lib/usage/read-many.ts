import type { ValidationIssue } from '../record/error';
import { validationError } from '../record/error';
import { formatPath } from '../record/json';
import { dollars } from './around';
import type { Counts } from './counts';
import { addCounts, isAnyCounted } from './counts';
import { Format } from './format';
import { anthropic } from './formats/anthropic';
import { claudeModel } from './formats/claude';
import { isObject, memberOf, objectAt, textOf } from './member';
import type { Reading, Readings } from './reading';
import { requestReadings } from './reading';
import { tierIn } from './tier-in';
import { untakenCounts } from './unreadable';
import { settleWholes } from './wholes';

/** Reads one payload of several; null where it has no usage. */
type ReadOne = (payload: object) => Readings | null;

const MODEL = new Format('claude-result', claudeModel);
const MAIN_LOOP = new Format('anthropic', anthropic);

/**
 * Reads a payload that is several in one: a result of several steps, a state with its messages, a total by
 * model. Null for what is none of them.
 */
export function readMany(payload: object, readOne: ReadOne, defaultModel: string | null): Readings | null {
  if (isClaudeResult(payload)) return readClaudeResult(payload, defaultModel);
  const byModel = objectAt(payload, 'usage_by_model');
  if (byModel !== undefined) return ofModels(byModel, readOne);
  const steps = listAt(payload, 'steps').filter((step) => memberOf(step, 'usage') !== undefined);
  if (steps.length > 0) return together(steps, readOne);
  const generations = memberOf(payload, 'generations');
  if (Array.isArray(generations)) return ofGenerations(payload, generations as unknown[], readOne);
  const messages = listAt(payload, 'messages').filter(isCounted);
  return messages.length > 0 ? ofMessages(messages, readOne) : null;
}

/** The requests of all, each as it is read by itself. */
function together(payloads: readonly object[], readOne: ReadOne): Readings | null {
  const all = payloads.map(readOne).filter((readings) => readings !== null);
  const list = all.flatMap((readings) => readings.list);
  return list.length === 0 ? null : requestReadings(list, { provider: all[0]?.provider ?? null });
}

/**
 * A graph's state repeats the messages of the one before it: each counts once, by the id that LangGraph
 * gives it.
 */
function ofMessages(messages: readonly object[], readOne: ReadOne): Readings | null {
  const list = messages.flatMap((message) => {
    const id = textOf(message, 'id') ?? textOf(objectAt(message, 'kwargs') ?? {}, 'id');
    return (readOne(message)?.list ?? []).map((reading): Reading => ({ ...reading, id: reading.id ?? id }));
  });
  return list.length === 0 ? null : requestReadings(list);
}

function isCounted(message: object): boolean {
  const source = objectAt(message, 'kwargs') ?? message;
  return objectAt(source, 'usage_metadata') !== undefined || objectAt(source, 'usage') !== undefined;
}

/**
 * The messages of an `LLMResult`; its `llmOutput` repeats their usage, and counts only where they have
 * none.
 */
function ofGenerations(payload: object, generations: readonly unknown[], readOne: ReadOne): Readings | null {
  const messages = generations
    .flat()
    .map((generation) => (isObject(generation) ? objectAt(generation, 'message') : undefined))
    .filter((message) => message !== undefined && isCounted(message)) as object[];
  const output = objectAt(payload, 'llmOutput');
  const sum = output === undefined ? null : readOne(output);
  const found = messages.length === 0 ? null : together(messages, readOne);
  if (found === null) return sum;
  if (sum === null) return found;
  const total = totalOf(sum.list);
  const isSameForAll = found.list.every(({ counts }) => counts.total_tokens === total);
  return isSameForAll ? { ...found, list: found.list.slice(0, 1) } : found;
}

function totalOf(list: readonly Reading[]): number | undefined {
  return list.reduce<Counts>((sum, { counts }) => addCounts(sum, counts), {}).total_tokens;
}

/** Reads totals by model that are handed in by themselves, in this package's words; null for what is none. */
export function readByModel(payload: object, readOne: ReadOne): Readings | null {
  const totals = Object.values(Object.getOwnPropertyDescriptors(payload)).map(
    ({ value }) => value as unknown,
  );
  const isByModel = totals.length > 0 && totals.every((total) => isObject(total) && 'cost_usd' in total);
  return isByModel ? ofModels(payload, readOne) : null;
}

function ofModels(models: object, readOne: ReadOne): Readings | null {
  const list = Object.entries(models).flatMap(([model, total]: [string, unknown]) =>
    isObject(total) ? (readOne(total)?.list ?? []).map((reading): Reading => ({ ...reading, model })) : [],
  );
  return list.length === 0 ? null : requestReadings(list);
}

function listAt(payload: object, name: string): object[] {
  const list = memberOf(payload, name);
  return Array.isArray(list) ? (list as unknown[]).filter(isObject) : [];
}

function isClaudeResult(payload: object): boolean {
  if (objectAt(payload, 'modelUsage') !== undefined) return true;
  const cost = memberOf(payload, 'total_cost_usd');
  return cost !== undefined && cost !== null;
}

/**
 * The `result` message of the Claude Agent SDK and of `claude -p`. Source: `SDKResultMessage` and
 * `ModelUsage` of `@anthropic-ai/claude-agent-sdk` 0.3.332 (read November 2026). `modelUsage` and
 * `total_cost_usd` are cumulative, over the whole session since 0.3.277, and include sub-agents and helper
 * models; `usage` is the main loop only, and stands in where an older version has no `modelUsage`.
 */
function readClaudeResult(result: object, defaultModel: string | null): Readings {
  const issues: ValidationIssue[] = [];
  const models = modelReadings(objectAt(result, 'modelUsage') ?? {}, issues);
  const usd = dollars(memberOf(result, 'total_cost_usd'), 'total_cost_usd', issues) ?? ownCost(models);
  const list = models.length > 0 ? models : mainLoop(result, defaultModel, usd, issues);
  if (issues.length > 0) throw validationError('usage', issues);
  const tier = tierIn({
    usage: objectAt(result, 'usage') ?? {},
    key: 'usage',
    path: 'usage',
    around: [result],
  });
  return {
    ...requestReadings(list.map((reading) => ({ ...reading, tier }))),
    scope: 'cumulative',
    byModel: models.length > 0,
    isFinal: true,
    costUsd: usd,
  };
}

function modelReadings(modelUsage: object, issues: ValidationIssue[]): Reading[] {
  return Object.entries(modelUsage).flatMap(([model, usage]: [string, unknown]) => {
    if (!isObject(usage)) return [];
    const path = formatPath(['modelUsage', model]);
    const costUsd = dollars(memberOf(usage, 'costUSD'), `${path}.costUSD`, issues);
    const untaken = MODEL.untaken(usage);
    if (untaken.length > 0) throw untakenCounts(untaken.map((key) => `${path}.${key}`));
    return [{ model, counts: countsOf(MODEL, usage, path, issues), costUsd, tier: null, id: null }];
  });
}

/** The usage of the main loop. A result that was cut short reports only zeros, which counts as nothing. */
function mainLoop(
  result: object,
  defaultModel: string | null,
  costUsd: number | null,
  issues: ValidationIssue[],
): Reading[] {
  const usage = objectAt(result, 'usage');
  const counts = usage === undefined ? {} : countsOf(MAIN_LOOP, usage, 'usage', issues);
  const model = textOf(result, 'model') ?? defaultModel;
  const isAny = isAnyCounted(counts) || (costUsd ?? 0) > 0;
  return isAny ? [{ model, counts, costUsd, tier: null, id: null }] : [];
}

function countsOf(format: Format, usage: object, path: string, issues: ValidationIssue[]): Counts {
  const sighting = { usage, key: '', path, around: [usage] };
  const counts = format.read(usage, sighting, issues);
  return settleWholes({ counts, cache: 'outside', reasoning: 'inside', wholeInput: undefined }) ?? counts;
}

function ownCost(models: readonly Reading[]): number | null {
  if (models.length === 0 || models.some(({ costUsd }) => costUsd === null)) return null;
  return models.reduce((sum, { costUsd }) => sum + (costUsd ?? 0), 0);
}
