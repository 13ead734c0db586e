import { AsyncLocalStorage } from 'node:async_hooks';
import type { AnyRun } from '../../run';
import type { OpenSteps } from '../open-steps';
import type { RunLink } from '../run-link';

/** A call of `runner.run` that is recorded: of the runner that was asked for, or of an agent used as a tool in it. */
export interface Recording {
  readonly run: AnyRun;
  readonly link: RunLink;
  readonly steps: OpenSteps;
  /** Tells the calls of this one from those of an agent within it, which a model may give the same ids. */
  readonly prefix: string;
  /** Whether a model is being asked: what it does in doing so is that call. */
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
 * From here on, this code and what it starts is part of a tool. The SDK tells of a tool's start right before it calls
 * it, and leaves no other way to stand around the call.
 */
export function enterTool(recording: Recording, tool: string): void {
  storage.enterWith({ ...recording, tool });
}
