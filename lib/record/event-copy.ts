import type { UsageUpdatedEvent } from './events';
import type { TokenUsage } from './token-usage';
import { isJsonObject } from './json';

/**
 * The event for one of several who hear it: what one does to it no other sees. A copy takes a fraction of
 * the time in which the event could be frozen; what is deep inside it is frozen all the same.
 */
export function copyOfEvent(name: string, event: object): object {
  if (name === 'usageUpdated') return copyOfUsage(event as UsageUpdatedEvent<unknown>);
  if (WITH_PAYLOADS.has(name)) freezePayloads(event);
  return { ...event };
}

/** The events that carry more than texts, numbers, runs, and what is frozen from the start. */
const WITH_PAYLOADS: ReadonlySet<string> = new Set([
  'stepStarted',
  'stepEnded',
  'noted',
  'parked',
  'answered',
]);

function copyOfUsage({ run, delta, tokenUsage, costUsd, at }: UsageUpdatedEvent<unknown>): object {
  return { run, delta: copyOfDelta(delta), tokenUsage, costUsd, at };
}

function copyOfDelta(delta: TokenUsage): TokenUsage {
  const copy = { ...delta };
  // An inherited member, if there ever is one, costs a closer look.
  for (const key in copy) if (typeof copy[key] === 'object') freezePayloads({ member: copy[key] });
  return copy;
}

function freezePayloads(event: object): void {
  for (const [key, member] of Object.entries(event)) if (key !== 'run') freezeJson(member);
}

/** Freezes a plain object or an array, and what is in it; nothing that has a class of its own. */
function freezeJson(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  if (!Array.isArray(value) && !isJsonObject(value)) return;
  Object.freeze(value);
  for (const member of Object.values(value)) freezeJson(member);
}
