import type { RunAttributeName } from './events';

type Names = readonly RunAttributeName[];

const LISTS = new Map<RunAttributeName, Names>();

/** The names of an event about one attribute: frozen, and the same list each time. */
export function namesOf(name: RunAttributeName): Names {
  const known = LISTS.get(name);
  if (known !== undefined) return known;
  const list: Names = Object.freeze([name]);
  LISTS.set(name, list);
  return list;
}
