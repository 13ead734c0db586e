import { Run, RunError } from 'agent-run';
import type { AnyRun, JsonObject, RunAttributes, RunErrorCode, RunStatus } from 'agent-run';

/** A new run. */
export function pendingRun(attributes: Partial<RunAttributes> = {}): Run {
  return new Run({ sessionId: 'session-123', input: { prompt: 'Hi' }, ...attributes });
}

/** A run that runs, but not by `execute`. */
export function startedRun(): Run {
  return pendingRun().updateStatus('running');
}

/** A run that was running when its process died, read from its record. */
export function restoredRun(attributes: Partial<RunAttributes> = {}): Run {
  const before = pendingRun(attributes).updateStatus('running').incrementTurn();
  before.updateTokenUsage({ input_tokens: 100, output_tokens: 50 });
  return copyOf(before);
}

/** The run after a journey through its JSON. */
export function copyOf(run: AnyRun): Run {
  return Run.fromJSON(JSON.parse(JSON.stringify(run)));
}

/** The kinds of run that may be executed, for `describe.each`. */
export const EXECUTABLE = [
  { kind: 'a pending run', makeRun: pendingRun },
  { kind: 'a run that was started by hand', makeRun: startedRun },
  { kind: 'a run restored while running', makeRun: restoredRun },
];

/** A run in each status that nothing follows, for `it.each`. */
export const ENDED: { status: RunStatus; makeRun: () => Run }[] = [
  { status: 'completed', makeRun: () => pendingRun().setOutput({ response: 'Hello!' }) },
  { status: 'failed', makeRun: () => pendingRun().setError({ message: 'broken' }) },
  { status: 'cancelled', makeRun: () => pendingRun().cancel() },
  { status: 'timeout', makeRun: () => pendingRun().updateStatus('timeout') },
];

/** Every change of status from now on, as `from -> to`. */
export function movesOf(run: AnyRun): string[] {
  const moves: string[] = [];
  run.on('statusChanged', ({ from, to }) => moves.push(`${from} -> ${to}`));
  return moves;
}

/** What the promise rejects with; fails the test where it resolves. */
export async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('The promise resolved');
}

/** The `RunError` that the promise rejects with. */
export async function runErrorOf(promise: Promise<unknown>, code: RunErrorCode): Promise<RunError> {
  const error = await rejectionOf(promise);
  if (!(error instanceof RunError)) throw new Error('Rejected with something else', { cause: error });
  expect(error.code).toBe(code);
  return error;
}

/** What the call throws; undefined where it returns. */
export function thrownBy(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
}

/** The record without what differs from run to run. */
export function essentialsOf(run: AnyRun): JsonObject {
  const { status, output, error, turn_count, token_usage } = JSON.parse(JSON.stringify(run)) as JsonObject;
  return { status, output, error, turn_count, token_usage } as JsonObject;
}

/** Settles when the signal aborts, as a client does that was handed it: by throwing its reason. */
export function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}

/** Never settles, whatever its signal says. */
export function never(): Promise<never> {
  return new Promise<never>(() => {
    // Nobody settles it.
  });
}
