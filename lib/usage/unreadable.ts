import { RunError } from '../record/error';
import { USAGE_FORMATS } from './formats';

/** The refusal of a payload: what is wrong with it, and what is known. */
export function unreadable(message: string, path = 'payload'): RunError {
  const issues = [{ path, message }];
  const known = `known formats: ${USAGE_FORMATS.join(', ')}; or a function of your own`;
  return new RunError('validation_error', `Invalid usage: ${path} ${message} (${known})`, {
    details: { issues, formats: USAGE_FORMATS },
  });
}

/** The refusal of counts that no format takes. */
export function untakenCounts(paths: readonly string[]): RunError {
  const message = 'is a count that no format takes here';
  const shown = paths.slice(0, 10).map((path) => path.slice(0, 100));
  return new RunError(
    'validation_error',
    `Invalid usage: no format takes all counts of the payload, ${shown.join(', ')} among them (known formats: ${USAGE_FORMATS.join(', ')}; or a function of your own)`,
    { details: { issues: shown.map((path) => ({ path, message })), formats: USAGE_FORMATS } },
  );
}
