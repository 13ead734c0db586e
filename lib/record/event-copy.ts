import type { StatusChangedEvent, TurnIncrementedEvent, UsageUpdatedEvent } from './events';
import type { TokenUsage } from './token-usage';
import { isJsonObject } from './json';

/**
 * A copy of the event for one of its listeners, so that none sees what another does to it. Copying is much
 * faster than freezing, and a copy that is written out takes half the time of a spread. What is nested in
 * it is shared and frozen: see {@link freezeInside}.
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

/** The events with nested payloads that nobody has frozen yet. */
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

// V8 gives a member that has only ever held large numbers a box of its own in every copy. Once it has held
// anything else, copies share the box.
for (const copy of [copyOfTurn, copyOfUsage, copyOfStatus]) copy({ at: null } as never);

function freezeNested(delta: TokenUsage): void {
  // `for in` sees inherited members too: one would be frozen for nothing, and that is all.
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
