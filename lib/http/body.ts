import { validationError } from '../record/error';
import { isJsonObject } from '../record/json';
import type { JsonObject } from '../record/json';

/**
 * The body of a request, which has to be a JSON object with no members but these.
 *
 * @throws {RunError} `validation_error`
 */
export function objectOf(body: unknown, known: readonly string[]): JsonObject {
  if (!isJsonObject(body)) throw validationError('body', [{ path: '', message: 'must be a JSON object' }]);
  const issues = Object.keys(body)
    .filter((name) => !known.includes(name))
    .map((name) => ({ path: name.slice(0, 80), message: `is unknown (known: ${known.join(', ')})` }));
  if (issues.length > 0) throw validationError('body', issues);
  return body;
}
