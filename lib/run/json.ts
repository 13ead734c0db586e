import { types } from 'node:util';
import type { ValidationIssue } from './error';
import { validationError } from './error';

/** A value that JSON can carry. */
export type JsonValue = string | number | boolean | null | JsonObject | readonly JsonValue[];

/** A JSON object: what `input`, `output`, `error`, `metadata` and `providerMetadata` are. */
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** The type with every member readonly, at every depth; a member that is any JSON is so already. */
export type DeepReadonly<T> = T extends (...args: never[]) => unknown
  ? T
  : T extends object
    ? { readonly [Key in keyof T]: JsonValue extends T[Key] ? T[Key] : DeepReadonly<T[Key]> }
    : T;

/** What is taken for a payload of the type: any object where the type is as open as {@link JsonObject}. */
export type Accepted<T extends object> = string extends keyof T ? object : T;

/** How deep a payload may nest. Deeper ones would overflow `JSON.stringify` (above 3,000 on Node 20). */
export const MAX_DEPTH = 1000;

const MAX_ISSUES = 20;
const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

type MutableObject = Record<string, unknown>;

/** Where one walk over a payload stands. */
interface Walk {
  readonly keys: (string | number)[];
  readonly ancestors: object[];
  readonly issues: ValidationIssue[];
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
  const walk: Walk = { keys: [name], ancestors: [], issues: [] };
  const copy = copyValue(value, walk);
  if (copy === undefined && walk.issues.length === 0) report(walk, 'is missing');
  issues.push(...walk.issues);
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

/** Whether the value is an object that JSON writes in braces and that is no class of its own. */
export function isJsonObject(value: unknown): value is JsonObject {
  if (!isObjectLike(value) || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value) as object | null;
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Sets an own member, whatever its key: a plain assignment of `__proto__` would change the prototype. */
export function setMember(target: object, key: string, value: unknown): void {
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
  if (index === 0) return key;
  return IDENTIFIER.test(key) ? `.${key}` : `[${JSON.stringify(key.slice(0, 80))}]`;
}

function copyValue(value: unknown, walk: Walk): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'undefined':
      return value;
    case 'number':
      if (Number.isFinite(value)) return value === 0 ? 0 : value;
      return report(walk, 'must be a finite number');
    case 'object':
      return value === null ? null : copyNested(value, walk);
    case 'bigint':
    case 'function':
    case 'symbol':
      return report(walk, `cannot be a ${typeof value}`);
  }
}

function copyNested(value: object, walk: Walk): unknown {
  const { ancestors, keys } = walk;
  const depth = keys.length;
  if (ancestors.includes(value)) return report(walk, 'must not contain itself');
  if (ancestors.length >= MAX_DEPTH) return report(walk, `nests deeper than ${MAX_DEPTH} levels`);
  ancestors.push(value);
  try {
    return Array.isArray(value) ? copyArray(value, walk) : copyObject(value, walk);
  } catch (error) {
    return report(walk, `cannot be read: ${types.isNativeError(error) ? error.name : 'it throws'}`);
  } finally {
    ancestors.pop();
    while (keys.length > depth) keys.pop();
  }
}

function copyArray(values: readonly unknown[], walk: Walk): unknown {
  if (typeof (values as { toJSON?: unknown }).toJSON === 'function') return copyFromToJson(values, walk);
  const { keys } = walk;
  const depth = keys.length;
  const copy: unknown[] = [];
  for (let index = 0; index < values.length; index++) {
    keys[depth] = index;
    copy.push(copyValue(values[index], walk) ?? null);
  }
  return copy;
}

function copyObject(value: object, walk: Walk): unknown {
  const source = value as MutableObject;
  if (typeof source['toJSON'] === 'function') return copyFromToJson(source, walk);
  if (!isJsonObject(value)) {
    if (types.isBoxedPrimitive(value)) return copyValue(value.valueOf(), walk);
    const lost = lostByJson(value);
    if (lost !== null) return report(walk, lost);
  }
  return copyMembers(source, walk);
}

function copyMembers(source: MutableObject, walk: Walk): MutableObject {
  const { keys } = walk;
  const depth = keys.length;
  const copy: MutableObject = {};
  for (const key of Object.keys(source)) {
    keys[depth] = key;
    const member = copyValue(source[key], walk);
    if (member === undefined) continue;
    if (key === '__proto__') setMember(copy, key, member);
    else copy[key] = member;
  }
  return copy;
}

/** What `toJSON` gives, once: as with JSON, its own answer is not asked again. */
function copyFromToJson(source: object, walk: Walk): unknown {
  const plain = (source as { toJSON: (key: string) => unknown }).toJSON(String(walk.keys.at(-1)));
  if (!isObjectLike(plain)) return copyValue(plain, walk);
  if (types.isBoxedPrimitive(plain)) return copyValue(plain.valueOf(), walk);
  if (plain !== source && walk.ancestors.includes(plain)) return report(walk, 'must not contain itself');
  if (Array.isArray(plain)) return copyArray(plain, walk);
  const lost = isJsonObject(plain) ? null : lostByJson(plain);
  return lost === null ? copyMembers(plain as MutableObject, walk) : report(walk, lost);
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
  if (types.isRegExp(value) || types.isWeakMap(value) || types.isWeakSet(value)) {
    return 'cannot be written as JSON';
  }
  return null;
}

/** Notes an issue; what it returns stands in the copy that nobody will see. */
function report({ keys, issues }: Walk, message: string): unknown {
  if (issues.length < MAX_ISSUES) issues.push({ path: formatPath(keys), message });
  return undefined;
}

function isObjectLike(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
