import { validationError } from '../record/error';

/**
 * A member of an object from outside, an SDK's class with getters too.
 *
 * @throws {RunError} `validation_error` when reading it throws.
 */
export function memberOf(source: object, name: string): unknown {
  try {
    return (source as Record<string, unknown>)[name];
  } catch (cause) {
    throw validationError('usage', [{ path: name, message: 'cannot be read: it throws' }], cause);
  }
}

/** The member where it is an object; undefined otherwise. */
export function objectAt(source: object, name: string): object | undefined {
  const value = memberOf(source, name);
  return isObject(value) ? value : undefined;
}

/** The first of the members that is a text; null for none. */
export function textOf(source: object, ...names: readonly string[]): string | null {
  for (const name of names) {
    const value = memberOf(source, name);
    if (typeof value === 'string' && value !== '') return value;
  }
  return null;
}

/** The object under a path of names; undefined where there is none. */
export function objectUnder(source: object, ...names: readonly string[]): object | undefined {
  let found: object | undefined = source;
  for (const name of names) found = found === undefined ? undefined : objectAt(found, name);
  return found;
}

/** Whether there is something to look into. */
export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
