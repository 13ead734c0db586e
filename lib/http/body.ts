import { validationError } from '../record/error';
import type { ValidationIssue } from '../record/error';
import { isJsonObject } from '../record/json';
import type { JsonObject } from '../record/json';
import { findUnknown } from '../record/options';

/**
 * Checks that a body is a JSON object, with no other members than these.
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
