import { validationError } from '../record/error';
import type { ValidationIssue } from '../record/error';
import { isJsonObject } from '../record/json';
import type { JsonObject } from '../record/json';
import { findUnknown } from '../record/options';

/**
 * The body of a request, which has to be a JSON object with no members but these.
 *
 * @throws {RunError} `validation_error`
 */
export function objectOf(body: unknown, known: readonly string[]): JsonObject {
  const issues: ValidationIssue[] = [];
  if (isJsonObject(body)) findUnknown(body, known, issues);
  else issues.push({ path: '', message: 'must be a JSON object' });
  if (issues.length > 0) throw validationError('body', issues);
  return body as JsonObject;
}
