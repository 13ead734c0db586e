import { isDeepStrictEqual } from 'node:util';
import { RunError } from '../record/error';
import type { AnyRun } from '../run';

/**
 * The run that has an id already, where it is pending and was meant to be the same.
 *
 * @throws {RunError} `conflict` where it has another session or input; `already_exists` where it is
 * pending no more
 */
export function sameIntent(known: AnyRun, { id, sessionId, input }: AnyRun): AnyRun {
  const { status } = known;
  if (known.sessionId !== sessionId || !isDeepStrictEqual(known.input, input)) {
    throw new RunError('conflict', `Run ${id} is there already, with another session or input`, {
      details: { runId: id, status },
    });
  }
  if (status !== 'pending') {
    throw new RunError('already_exists', `Run ${id} is there already: it is "${status}"`, {
      details: { runId: id, status },
    });
  }
  return known;
}
