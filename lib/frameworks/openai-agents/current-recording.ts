import { AsyncLocalStorage } from 'node:async_hooks';
import type { AnyRun } from '../../run';
import type { OpenSteps } from '../open-steps';
import type { RunLink } from '../run-link';

/** A recorded call of `runner.run`: of the given runner, or of an agent that is used as a tool in it. */
export interface Recording {
  readonly run: AnyRun;
  readonly link: RunLink;
  readonly steps: OpenSteps;
  /**
   * Goes before the ids of its tool calls: a model may give the same ids to the calls of an agent within
   * it.
   */
  readonly prefix: string;
  /** Whether a model is being called: calls that the model makes itself are part of that one. */
  readonly isAsking?: boolean | undefined;
  /** The step of the tool whose agent this is; undefined for an agent that is no tool. */
  readonly around?: string | undefined;
  /** The step of the tool that this code is part of; undefined for none. */
  readonly tool?: string | undefined;
}

const storage = new AsyncLocalStorage<Recording>();

/** The recording that this code is part of. */
export function currentRecording(): Recording | undefined {
  return storage.getStore();
}

/** Calls the function as part of the recording. */
export function recordWith<Result>(recording: Recording, fn: () => Result): Result {
  return storage.run(recording, fn);
}

/**
 * Makes this code, and what it starts from here on, part of a tool. The SDK emits a tool's start right
 * before it calls the tool, and gives no way to wrap the call.
 */
export function enterTool(recording: Recording, tool: string): void {
  storage.enterWith({ ...recording, tool });
}
