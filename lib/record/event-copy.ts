import type { StatusChangedEvent, TurnIncrementedEvent, UsageUpdatedEvent } from './events';
import type { TokenUsage } from './token-usage';
import { isJsonObject } from './json';

/**
 * The event for one of several who hear it: what one does to it no other sees. A copy takes a fraction of
 * the time in which the event could be frozen, and one that is written out half of a spread's. What is
 * deep inside it is shared: see {@link freezeInside}.
 */
export function copyOfEvent(name: string, event: object): object {
  switch (name) {
    case 'turnIncremented':
      return copyOfTurn(event as TurnIncrementedEvent<unknown>);
    case 'usageUpdated':
      return copyOfUsage(event as UsageUpdatedEvent<unknown>);
    case 'statusChanged':
      return copyOfStatus(event as StatusChangedEvent<unknown>);
    default:
      return { ...event };
  }
}

/** Freezes what the copies of an event share, once for all of them. */
export function freezeInside(name: string, event: object): void {
  if (name === 'usageUpdated') freezeNested((event as UsageUpdatedEvent<unknown>).delta);
  else if (name !== 'turnIncremented' && WITH_PAYLOADS.has(name)) freezePayloads(event);
}

/** The events that carry more than texts, numbers, runs, and what is frozen from the start. */
const WITH_PAYLOADS: ReadonlySet<string> = new Set([
  'stepStarted',
  'stepEnded',
  'noted',
  'parked',
  'answered',
]);

function copyOfTurn({ run, turnCount, at }: TurnIncrementedEvent<unknown>): TurnIncrementedEvent<unknown> {
  return { run, turnCount, at };
}

function copyOfUsage({
  run,
  delta,
  tokenUsage,
  costUsd,
  at,
}: UsageUpdatedEvent<unknown>): UsageUpdatedEvent<unknown> {
  return { run, delta: { ...delta }, tokenUsage: { ...tokenUsage }, costUsd, at };
}

function copyOfStatus({ run, from, to, at }: StatusChangedEvent<unknown>): StatusChangedEvent<unknown> {
  return { run, from, to, at };
}

// A member that has only ever been a large number has a box in each object, made anew for each copy; one
// that has been anything else shares it.
for (const copy of [copyOfTurn, copyOfUsage, copyOfStatus]) copy({ at: null } as never);

function freezeNested(delta: TokenUsage): void {
  // An inherited member, if there ever is one, costs a closer look.
  for (const key in delta) if (typeof delta[key] === 'object') freezeJson(delta[key]);
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
