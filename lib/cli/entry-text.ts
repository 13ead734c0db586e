import type { JsonObject, JsonValue } from '../record/json';
import { isJsonObject } from '../record/json';
import type { RunStatus } from '../record/status';
import { isRunStatus } from '../record/status';
import type { JournalEntry } from '../store/journal';
import { duration, usageInWords } from './format';
import { cutText, plainJson, plainText } from './plain-text';

/** An entry of a journal in words. */
export interface EntryText {
  /** What kind of thing happened. */
  readonly event: string;
  readonly text: string;
  /** What decides its colour. */
  readonly status?: RunStatus | 'good' | 'bad';
}

type Describe = (data: JsonObject) => EntryText;

/** How many characters of a payload are shown in a row. */
const PREVIEW = 200;

const DESCRIBE: Readonly<Record<string, Describe>> = {
  created: () => ({ event: 'created', text: '' }),
  statusChanged: ({ from, to }) => ({
    event: 'status',
    text: `${word(from)} → ${word(to)}`,
    ...(isRunStatus(to) ? { status: to } : {}),
  }),
  turnIncremented: ({ turnCount }) => ({ event: 'turn', text: word(turnCount) }),
  usageUpdated: ({ delta }) => ({ event: 'usage', text: usageText(delta) }),
  attributesChanged: ({ names }) => ({
    event: 'changed',
    text: Array.isArray(names) ? names.map(word).join(', ') : '',
  }),
  limitApproaching: ({ limit, allowed, actual }) => ({
    event: 'limit',
    text: `${word(limit)}: ${word(actual)} of ${word(allowed)} used`,
    status: 'bad',
  }),
  childCreated: ({ childRunId }) => ({ event: 'child', text: word(childRunId) }),
  stepStarted: ({ step }) => startText(isJsonObject(step) ? step : {}),
  stepEnded: ({ step }) => endText(isJsonObject(step) ? step : {}),
  noted: ({ name, data }) => ({ event: 'note', text: `${word(name)}${preview(data)}` }),
  parked: ({ awaiting }) => ({
    event: 'parked',
    text: `waits for ${word(isJsonObject(awaiting) ? (awaiting['reason'] ?? 'an answer') : 'an answer')}`,
    status: 'cancelled',
  }),
  answered: () => ({ event: 'answered', text: '', status: 'good' }),
};

/** An entry in words; one of an unknown type as it is. */
export function entryText({ type, data }: JournalEntry): EntryText {
  if (Object.hasOwn(DESCRIBE, type)) return (DESCRIBE[type] as Describe)(data);
  return { event: cutText(plainText(type), 16), text: preview(data).trim() };
}

function startText({ name, kind, input, parent }: JsonObject): EntryText {
  const inside = typeof parent === 'number' ? `#${parent} › ` : '';
  return { event: 'step', text: `${inside}${kindOf(kind)}${word(name)}${preview(input)}` };
}

function endText({ name, kind, status, durationMs, output, error }: JsonObject): EntryText {
  const took = typeof durationMs === 'number' ? ` in ${duration(durationMs)}` : '';
  const isCompleted = status === 'completed';
  const result = isCompleted
    ? preview(output)
    : preview(isJsonObject(error) ? (error['message'] ?? error) : null);
  return {
    event: isCompleted ? 'done' : word(status),
    text: `${kindOf(kind)}${word(name)}${took}${result}`,
    status: isCompleted ? 'good' : 'bad',
  };
}

/** The kind of a step, where it is no tool. */
function kindOf(kind: JsonValue | undefined): string {
  return kind === 'tool' || kind === undefined ? '' : `${word(kind)} `;
}

function usageText(delta: JsonValue | undefined): string {
  if (!isJsonObject(delta) || Object.keys(delta).length === 0) return 'the cost';
  return usageInWords(delta, '+');
}

function word(value: JsonValue | undefined): string {
  if (typeof value === 'string') return plainText(value);
  return value === undefined || value === null ? '' : plainJson(value);
}

function preview(value: JsonValue | undefined): string {
  return value === undefined || value === null ? '' : `  ${cutText(word(value), PREVIEW)}`;
}
