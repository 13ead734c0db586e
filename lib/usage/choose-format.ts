import type { Format } from './format';
import { holdsCount, isCountWord, WHOLE_INPUT } from './format';
import { FORMATS } from './formats';
import { memberOf } from './member';
import type { Sighting } from './sighting';

/** Formats as the bits of a number, so that one pass over an object's keys tells them apart. */
type FormatSet = number;

interface KeyUse {
  /** Formats that take a count by the key. */
  readonly count: FormatSet;
  /** Formats that take counts from an object under the key. */
  readonly details: FormatSet;
  /** Formats that know the key at all. */
  readonly known: FormatSet;
}

const ALL: FormatSet = -1;
const UNKNOWN_KEY: KeyUse = { count: 0, details: 0, known: 0 };
const USES = usesOf(FORMATS);

/** What the keys of an object say about formats. */
export interface Shape {
  /** Formats that take all of its counts; where some of those know its empty keys too, only these. */
  readonly whole: readonly Format[];
  /** Formats that take some of its counts. */
  readonly some: readonly Format[];
  /** Whether there are keys of formats, though nothing is reported under them. */
  readonly hasKeys: boolean;
}

/** What has been seen of an object. */
interface Seen {
  /** Formats by whose keys something is reported. */
  claiming: FormatSet;
  /** Formats that know every count that is not zero. */
  covering: FormatSet;
  /** Formats that know every key that some format knows. */
  knowing: FormatSet;
  /** Formats of which there are keys with nothing under them. */
  present: FormatSet;
}

/** Tells which formats an object may be of. */
export function shapeOf(sighting: Sighting): Shape {
  const { usage, key: above } = sighting;
  const seen: Seen = { claiming: 0, covering: ALL, knowing: ALL, present: 0 };
  for (const key of Object.keys(usage)) {
    const use = USES.get(key);
    // No other member is read: it may be a getter, and is no usage.
    if (WHOLE_INPUT.has(key) || (use === undefined && above === '' && !isCountWord(key, null))) continue;
    look(key, memberOf(usage, key), use ?? UNKNOWN_KEY, seen);
  }
  const { claiming, covering, knowing, present } = seen;
  const some = formatsIn(claiming, sighting);
  const best = formatsIn(claiming & covering & knowing, sighting);
  return {
    some,
    whole: best.length > 0 ? best : formatsIn(claiming & covering, sighting),
    hasKeys: some.length > 0 || formatsIn(present, sighting).length > 0,
  };
}

function look(key: string, value: unknown, use: KeyUse, seen: Seen): void {
  if (value === undefined) {
    seen.present |= use.count | use.details;
    return;
  }
  if (use.known !== 0) seen.knowing &= use.known;
  if (value === null) {
    seen.present |= use.count | use.details;
  } else if (typeof value === 'object') {
    seen.claiming |= use.details;
    if ((use.known !== 0 || isCountWord(key, value)) && holdsCount(value)) seen.covering &= use.known;
  } else {
    seen.claiming |= use.count;
    const isCount = typeof value === 'number' && value !== 0;
    if (isCount && (use.known !== 0 || isCountWord(key, value))) seen.covering &= use.known;
  }
}
/** The formats of a set that may claim the payload, in their order. */
function formatsIn(set: FormatSet, sighting: Sighting): Format[] {
  const found: Format[] = [];
  for (let rest = set; rest !== 0; rest &= rest - 1) {
    const format = FORMATS[31 - Math.clz32(rest & -rest)];
    if (format?.mayClaim(sighting) === true) found.push(format);
  }
  return found;
}

function usesOf(formats: readonly Format[]): Map<string, KeyUse> {
  const uses = new Map<string, KeyUse>();
  for (const [index, format] of formats.entries()) {
    for (const key of format.knownKeys) {
      const { count, details, known } = uses.get(key) ?? UNKNOWN_KEY;
      const bit = 1 << index;
      uses.set(key, {
        count: format.countKeys.has(key) ? count | bit : count,
        details: format.detailKeys.has(key) ? details | bit : details,
        known: known | bit,
      });
    }
  }
  return uses;
}
