import type { ValidationIssue } from './error';
import { validationError } from './error';
import { formatPath } from './json';

const MOST_ISSUES = 20;

/**
 * Refuses an options object with a member that is not known: misspelt, an option would silently do
 * nothing, and a filter would select everything.
 *
 * @param options - What was handed in; `undefined` has no members.
 * @param known - The names of all options.
 * @param subject - For the message, for example `options of execute`.
 * @throws {RunError} `validation_error` with an issue for each unknown member: its path and the known names.
 */
export function refuseUnknown(options: unknown, known: readonly string[], subject: string): void {
  if (options === undefined) return;
  const issues: ValidationIssue[] = [];
  findUnknown(options, known, issues);
  if (issues.length > 0) throw validationError(subject, issues);
}

/**
 * As {@link refuseUnknown}, for a caller that has more to check: adds to its issues.
 *
 * @param path - Where the object stands, for example `['limits']`; none for the options themselves.
 */
export function findUnknown(
  options: unknown,
  known: readonly string[],
  issues: ValidationIssue[],
  path: readonly string[] = [],
): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    issues.push({ path: formatPath(path), message: 'must be an object' });
    return;
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    issues.push({ path: formatPath([...path, name]), message: `is not known (known: ${known.join(', ')})` });
    if (issues.length >= MOST_ISSUES) return;
  }
}
