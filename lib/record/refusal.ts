import { RunError } from './error';
import type { RunStatus } from './status';
import { isRunStatus, RUN_STATUSES, RUN_TRANSITIONS } from './status';

/** What a refusal says about the run. */
interface Subject {
  readonly id: string;
  readonly status: RunStatus;
}

const LONGEST_WORD = 40;

/**
 * Checks a move between statuses.
 *
 * @throws {RunError} `invalid_status` for a word that is no status; `invalid_transition` for a move
 * that {@link RUN_TRANSITIONS} does not have; `details` has `from`, `to` and `allowed`.
 */
export function assertTransition(run: Subject, to: unknown): asserts to is RunStatus {
  if (!isRunStatus(to)) {
    const word = shownWord(to);
    throw new RunError(
      'invalid_status',
      `Run ${run.id} cannot go to "${word}": no such status (known: ${RUN_STATUSES.join(', ')})`,
      { details: { from: run.status, to: word, allowed: RUN_STATUSES } },
    );
  }
  const allowed = RUN_TRANSITIONS[run.status];
  if (allowed.includes(to)) return;
  const list = allowed.length === 0 ? 'none' : allowed.join(', ');
  throw new RunError(
    'invalid_transition',
    `Run ${run.id} cannot go from "${run.status}" to "${to}" (allowed: ${list})`,
    { details: { from: run.status, to, allowed } },
  );
}

/** The error of a call that the run's state does not allow. */
export function invalidOperation({ id, status }: Subject, what: string): RunError {
  return new RunError('invalid_operation', `Run ${id} is "${status}": it ${what}`, {
    details: { from: status, to: status, allowed: RUN_TRANSITIONS[status] },
  });
}

/**
 * The value for an error message: a word, cut where it is long, or for anything else its type in brackets.
 */
export function shownWord(value: unknown): string {
  if (typeof value === 'string') return value.slice(0, LONGEST_WORD);
  return value === null ? '(null)' : `(${typeof value})`;
}
