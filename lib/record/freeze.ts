import { isJsonObject } from './json';

/** Freezes what an event tells, so that one who hears it cannot change what the next one hears; not the run. */
export function freezeEvent(event: object): void {
  if (Object.isFrozen(event)) return;
  Object.freeze(event);
  for (const key in event) {
    const member = (event as Readonly<Record<string, unknown>>)[key];
    if (typeof member === 'object' && member !== null) freezeJson(member);
  }
}

/** Freezes a plain object or an array, and what is in it; nothing that has a class of its own. */
function freezeJson(value: object): void {
  if (Object.isFrozen(value) || !(Array.isArray(value) || isJsonObject(value))) return;
  Object.freeze(value);
  for (const member of Object.values(value)) {
    if (typeof member === 'object' && member !== null) freezeJson(member as object);
  }
}
