import { cutText, formatCount, formatDollars, formatDuration, formatTokens } from './format';
import type { Entry, JsonObject } from './records';
import { numberAt, objectAt, textAt, tokensOf } from './records';

/** A journal entry in a few words; empty where its type says all. */
export function entryText({ type, data }: Entry): string {
  switch (type) {
    case 'statusChanged':
      return `${textAt(data, 'from') ?? ''} → ${textAt(data, 'to') ?? ''}`;
    case 'turnIncremented':
      return `turn ${formatCount(numberAt(data, 'turnCount') ?? 0)}`;
    case 'usageUpdated':
      return usageText(data);
    case 'stepStarted':
    case 'stepEnded':
      return stepText(objectAt(data, 'step'));
    case 'noted':
      return textAt(data, 'name') ?? '';
    case 'attributesChanged':
      return Array.isArray(data['names']) ? data['names'].join(', ') : '';
    case 'limitApproaching':
      return textAt(data, 'limit') ?? '';
    default:
      return '';
  }
}

function usageText(data: JsonObject): string {
  const tokens = tokensOf(objectAt(data, 'delta'));
  const parts = tokens === null ? [] : [`+${formatTokens(tokens)} tokens`];
  const cost = numberAt(data, 'costUsd');
  return (cost === null ? parts : [...parts, `${formatDollars(cost)} so far`]).join(', ');
}

function stepText(step: JsonObject | null): string {
  const name = `${cutText(textAt(step, 'name') ?? '', 80)} (${textAt(step, 'kind') ?? ''})`;
  const status = textAt(step, 'status');
  const duration = numberAt(step, 'durationMs');
  if (status === null) return name;
  return duration === null ? `${name} ${status}` : `${name} ${status} after ${formatDuration(duration)}`;
}
