import { types } from 'node:util';
import type { ValidationIssue } from './error';
import { validationError } from './error';

/** A value that JSON can carry. */
export type JsonValue = string | number | boolean | null | JsonObject | readonly JsonValue[];

/** A JSON object: what `input`, `output`, `error`, `metadata` and `providerMetadata` are. */
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/**
 * The type of a payload once it is read back: as JSON gives it, readonly at every depth. A `Date` is a
 * text, and anything with `toJSON` what that gives; members that are functions or symbols are not there.
 */
export type ReadBack<T> = T extends (...args: never[]) => unknown
  ? never
  : T extends { toJSON(key?: never): infer Json }
    ? ReadBack<Json>
    : T extends readonly unknown[]
      ? { readonly [Index in keyof T]: ReadBack<T[Index]> }
      : T extends object
        ? {
            readonly [
              Key in keyof T as T[Key] extends symbol | ((...args: never[]) => unknown) ? never : Key
            ]: JsonValue extends T[Key] ? T[Key] : ReadBack<T[Key]>;
          }
        : T;

/** What the function of `execute` may return: anything, where the run declares no output. */
export type Result<T extends object, Parking> = string extends keyof T
  ? unknown
  : object extends T
    ? unknown
    : // eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- A function that returns nothing.
      T | Parking | null | undefined | void;

/** How deep a payload may nest. Deeper ones would overflow `JSON.stringify` (above 3,000 on Node 20). */
export const MAX_DEPTH = 1000;

const MAX_ISSUES = 20;

/** The longest key that a path shows whole. */
const LONGEST_KEY = 80;
const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

type MutableObject = Record<string, unknown>;

/** The place that a walk over a payload has reached: a member of an object, which may itself be a member. */
interface Place {
  readonly within: Place | null;
  readonly object: object | null;
  readonly depth: number;
  readonly issues: ValidationIssue[];
  /** The member; null before the first. */
  key: string | number | null;
}

/**
 * Checks and copies a payload in one walk.
 *
 * The copy is what `JSON.parse(JSON.stringify(value))` would give, every key kept as an own member
 * (`__proto__` too). What JSON would lose or cannot carry is an issue, with the path to it. Members
 * under symbols are left out, as `JSON.stringify` does: to look for them would cost half as much again
 * as the walk.
 *
 * @param name - What the paths begin with, for example `output`.
 * @param issues - Takes what is wrong, at most 20 issues a payload.
 * @returns the copy; worthless where issues were added.
 */
export function copyJson(value: unknown, name: string, issues: ValidationIssue[]): unknown {
  const found: ValidationIssue[] = [];
  const place: Place = { within: null, object: null, depth: 0, issues: found, key: name };
  const copy = copyValue(value, place);
  if (copy === undefined && found.length === 0) report(place, 'is missing');
  issues.push(...found);
  return copy;
}

/** As {@link copyJson}, for what has to be a JSON object. */
export function copyJsonObject(value: unknown, name: string, issues: ValidationIssue[]): JsonObject {
  const before = issues.length;
  const copy = isObjectLike(value) ? copyJson(value, name, issues) : undefined;
  if (issues.length === before && !isJsonObject(copy)) {
    issues.push({ path: name, message: 'must be a JSON object' });
  }
  return copy as JsonObject;
}

/**
 * As {@link copyJsonObject}, throwing at once.
 *
 * @throws {RunError} `validation_error`
 */
export function takeJsonObject(value: unknown, name: string): JsonObject {
  const issues: ValidationIssue[] = [];
  const copy = copyJsonObject(value, name, issues);
  if (issues.length > 0) throw validationError(name, issues);
  return copy;
}

/**
 * As {@link copyJson}, throwing at once.
 *
 * @throws {RunError} `validation_error`
 */
export function takeJson(value: unknown, name: string): JsonValue {
  const issues: ValidationIssue[] = [];
  const copy = copyJson(value, name, issues) as JsonValue;
  if (issues.length > 0) throw validationError(name, issues);
  return copy;
}

/** Whether the value is an object that JSON writes in braces and that is no class of its own. */
export function isJsonObject(value: unknown): value is JsonObject {
  if (!isObjectLike(value) || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value) as object | null;
  // What stands above every object, here or in another realm, has nothing above it.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** The object's own member: undefined for `toString`, which every object inherits. */
export function ownMember(source: object, key: string): unknown {
  return Object.hasOwn(source, key) ? (source as MutableObject)[key] : undefined;
}

/** Sets an own member, whatever its key: a plain assignment of `__proto__` would change the prototype. */
export function setMember(target: object, key: string, value: unknown): void {
  // Stryker disable next-line ConditionalExpression: only faster; a definition sets any member
  if (key === '__proto__') {
    Object.defineProperty(target, key, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  } else {
    (target as MutableObject)[key] = value;
  }
}

/** Writes a path as its reader would in code: `output.rows[3]["total cost"]`. Long ones lose their middle. */
export function formatPath(keys: readonly (string | number)[]): string {
  const shown =
    keys.length <= 24
      ? keys.map(formatKey)
      : [
          ...keys.slice(0, 12).map(formatKey),
          '…',
          ...keys.slice(-8).map((key) => formatKey(key, keys.length)),
        ];
  return shown.join('');
}

function formatKey(key: string | number, index: number): string {
  if (typeof key === 'number') return `[${key}]`;
  const word = key.slice(0, LONGEST_KEY);
  if (index === 0) return word;
  return IDENTIFIER.test(word) ? `.${word}` : `[${JSON.stringify(word)}]`;
}

function copyValue(value: unknown, place: Place): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'undefined':
      return value;
    case 'number':
      if (Number.isFinite(value)) return value === 0 ? 0 : value;
      return report(place, 'must be a finite number');
    case 'object':
      return value === null ? null : copyNested(value, place);
    case 'bigint':
    case 'function':
    case 'symbol':
      return report(place, `cannot be a ${typeof value}`);
  }
}

function copyNested(object: object, within: Place): unknown {
  if (isWithin(object, within)) return report(within, 'must not contain itself');
  if (within.depth >= MAX_DEPTH) return report(within, `nests deeper than ${MAX_DEPTH} levels`);
  const place: Place = { within, object, depth: within.depth + 1, issues: within.issues, key: null };
  try {
    return Array.isArray(object) ? copyArray(object, place) : copyObject(object, place);
  } catch (error) {
    return report(place, `cannot be read: ${types.isNativeError(error) ? error.name : 'it throws'}`);
  }
}

function isWithin(object: object, place: Place): boolean {
  for (let each: Place | null = place; each !== null; each = each.within) {
    if (each.object === object) return true;
  }
  return false;
}

function copyArray(values: readonly unknown[], place: Place): unknown {
  if (typeof (values as { toJSON?: unknown }).toJSON === 'function') return copyFromToJson(values, place);
  return copyElements(values, place);
}

function copyElements(values: readonly unknown[], place: Place): unknown[] {
  const copy: unknown[] = [];
  for (let index = 0; index < values.length; index++) {
    place.key = index;
    copy.push(copyValue(values[index], place) ?? null);
  }
  // The copy drops the spare room that `push` has left. An array made with a length is slower to stringify.
  // Stryker disable next-line MethodExpression: the same list in less memory
  return copy.slice();
}

function copyObject(object: object, place: Place): unknown {
  const source = object as MutableObject;
  if (typeof source['toJSON'] === 'function') return copyFromToJson(source, place);
  if (!isJsonObject(object)) {
    if (types.isBoxedPrimitive(object)) return copyValue(object.valueOf(), place);
    return copyInstance(object, place);
  }
  return copyMembers(source, place);
}

/** An object of a class of its own. One that has no members that JSON writes would be lost. */
function copyInstance(object: object, place: Place): unknown {
  const lost = lostByJson(object);
  if (lost !== null) return report(place, lost);
  const found = place.issues.length;
  const copy = copyMembers(object as MutableObject, place);
  if (Object.keys(copy).length > 0 || place.issues.length > found) return copy;
  place.key = null;
  return report(place, `cannot be ${kindOf(object)}: JSON writes {}`);
}

/** What the object calls itself: `Response`, `AsyncGenerator`. */
function kindOf(object: object): string {
  const kind = Object.prototype.toString.call(object).slice('[object '.length, -1);
  return kind === 'Object'
    ? 'an instance without members of its own'
    : `of the kind ${kind.slice(0, LONGEST_KEY)}`;
}

function copyMembers(source: MutableObject, place: Place): MutableObject {
  const copy: MutableObject = {};
  for (const key of Object.keys(source)) {
    place.key = key;
    const member = copyValue(source[key], place);
    if (member === undefined) continue;
    setMember(copy, key, member);
  }
  return copy;
}

/** What `toJSON` gives, once: as with JSON, its own answer is not asked again. */
function copyFromToJson(source: object, place: Place): unknown {
  const key = String((place.within as Place).key);
  const plain = (source as { toJSON: (key: string) => unknown }).toJSON(key);
  if (!isObjectLike(plain)) return copyValue(plain, place);
  if (types.isBoxedPrimitive(plain)) return copyValue(plain.valueOf(), place);
  if (plain !== source && isWithin(plain, place)) return report(place, 'must not contain itself');
  if (Array.isArray(plain)) return copyElements(plain, place);
  return isJsonObject(plain) ? copyMembers(plain, place) : copyInstance(plain, place);
}

/** Why JSON would lose an object that is no plain one; null where it writes its members. */
function lostByJson(value: object): string | null {
  if (types.isNativeError(value)) return 'cannot be an Error: JSON writes {}';
  if (types.isAnyArrayBuffer(value) || ArrayBuffer.isView(value)) {
    return 'cannot be binary data: encode it as text';
  }
  if (types.isMap(value)) return 'cannot be a Map: use an object';
  if (types.isSet(value)) return 'cannot be a Set: use an array';
  if (types.isPromise(value)) return 'cannot be a Promise: await it';
  return null;
}

/** Adds an issue. What it returns goes into the copy, which nobody will see. */
function report(place: Place, message: string): unknown {
  if (place.issues.length < MAX_ISSUES) place.issues.push({ path: formatPath(pathOf(place)), message });
  return undefined;
}

function pathOf(place: Place): (string | number)[] {
  const keys: (string | number)[] = [];
  for (let each: Place | null = place; each !== null; each = each.within) {
    if (each.key !== null) keys.push(each.key);
  }
  return keys.reverse();
}

function isObjectLike(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
