import type { MetadataMember } from './backend';
import { encodeText } from './column-text';
import { hashOf } from './hash-of';

/** What runs can be found by: top-level members of their metadata. */
export type MetadataScalar = string | number | boolean;

/** How many members of a run's metadata are kept to be found. */
const MOST_MEMBERS = 32;

/** How long a name or a text may be, in UTF-16 code units, as `length` counts them. */
export const LONGEST_MEMBER = 256;

/**
 * The most bytes of a value that an index has as it is: an entry of PostgreSQL's holds less than 2,704 for
 * all columns together.
 */
const LONGEST_INDEXED = 512;

/** How far the runs that have a member are counted, to find the rarest one. */
export const COUNTED_RUNS = 5000;

/**
 * The members, the rarest first.
 *
 * @param counts - How many runs have each.
 */
export function rarestFirst(
  members: readonly MetadataMember[],
  counts: readonly number[],
): readonly MetadataMember[] {
  const counted = members.map((member, index) => ({ member, count: counts[index] ?? 0 }));
  return counted.sort((left, right) => left.count - right.count).map(({ member }) => member);
}

/**
 * The members by which a run with this metadata is found: the first ones that are short and are no objects.
 */
export function membersOf(metadataText: string): readonly MetadataMember[] {
  const members: MetadataMember[] = [];
  for (const [name, value] of Object.entries(JSON.parse(metadataText) as object)) {
    if (members.length === MOST_MEMBERS) break;
    if (isMetadataScalar(value) && isShort(name, value)) members.push(memberOf(name, value));
  }
  return members;
}

/** A member as rows have it. */
export function memberOf(name: string, value: MetadataScalar): MetadataMember {
  const encoded = encodeText(name);
  return {
    name: isLong(encoded) ? `\u0001${hashOf(encoded)}` : encoded,
    // JSON tells the text "1" and the number 1 apart, and has no letter that a database refuses.
    value: hashedWhereLong(JSON.stringify(value)),
  };
}

export function isMetadataScalar(value: unknown): value is MetadataScalar {
  return typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
}

function isShort(name: string, value: MetadataScalar): boolean {
  return name.length <= LONGEST_MEMBER && (typeof value !== 'string' || value.length <= LONGEST_MEMBER);
}

function hashedWhereLong(text: string): string {
  return isLong(text) ? hashOf(text) : text;
}

function isLong(text: string): boolean {
  return Buffer.byteLength(text) > LONGEST_INDEXED;
}
