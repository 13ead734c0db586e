import type { RunError } from '../record/error';
import type { RunWrite } from './backend';
import type { Changes } from './change-log';
import { NO_CHANGES } from './change-log';

/** Everything is stored. */
export interface Idle {
  readonly name: 'idle';
  /** None. */
  readonly changes: Changes;
}

/** Something is to be stored: the changes here, and those in the log. */
export interface Due {
  readonly name: 'due';
  readonly changes: Changes;
  /** Whether the lease is to be renewed, even where nothing else is to be written. */
  readonly renews: boolean;
}

/** A write is on its way. It stays the same until its outcome is known. */
export interface Writing {
  readonly name: 'writing';
  readonly changes: Changes;
  readonly write: RunWrite;
  /**
   * Whether there was news of the run while this write was on its way: the stored run is then looked at
   * again.
   */
  readonly looksAgain: boolean;
  /** Whether an earlier attempt has failed or may have failed. It may be committed all the same. */
  readonly isRepeated: boolean;
}

/** The session has not admitted the run yet. */
export interface Waiting {
  readonly name: 'waiting';
  readonly changes: Changes;
}

/** Where a recorder that records stands. */
export type Step = Idle | Due | Writing | Waiting;

/**
 * Which end of the run counts. `own`: the run's own, also while there is none. `kept out`: its own, but its
 * session did not admit it, and it never ran. `elsewhere`: the end that another process has stored.
 */
export type End = 'own' | 'kept out' | 'elsewhere';

/** The recorder is at work. */
export interface Recording {
  readonly name: 'recording';
  readonly step: Step;
  /** Whether this recorder holds the run's lease. */
  readonly lease: 'held' | 'none';
  readonly end: End;
  /** What the store has refused for good, while the recorder goes on; null for nothing. */
  readonly refusal: RunError | null;
  /** `stopped`: it stops as soon as everything is stored. `told`: it goes on until it is told to. */
  readonly until: 'stopped' | 'told';
}

/** Everything was stored, the lease was given up, and nothing is recorded any more. */
export interface Stopped {
  readonly name: 'stopped';
  /** What the store had refused; null for nothing. */
  readonly refusal: RunError | null;
}

/** The store does not take any more of this run. */
export interface Failed {
  readonly name: 'failed';
  readonly error: RunError;
}

/** The store was closed. */
export interface Closed {
  readonly name: 'closed';
  /** What `flush` rejects with: something was not stored, before or after the close. */
  readonly error: RunError | null;
}

/**
 * The state of a recorder.
 *
 * ```text
 *   recording ─────────────────────────────────────────────────────────┐
 *   │                ┌──────────── applied, nothing new ───────────┐   │
 *   │                ▼                                             │   │
 *   │  idle ── change, renewal, stop() ──► due ── taken ──► writing │   │
 *   │                                      ▲ ▲                │ │   │   │
 *   │                                      │ └─ applied, more; ┘ │   │   │
 *   │                                      │    moved elsewhere  │   │   │
 *   │                                      └── its turn ── waiting ◄ busy │
 *   └──┬───────────────────────────────┬───────────────────────┬───────┘
 *      │ stop(), and all is stored;    │ conflict, lease lost, │ the store is closed
 *      │ or it waits for its session   │ gone, refused, full   │
 *      ▼                               ▼                       ▼
 *   stopped                         failed                  closed
 * ```
 * A recorder that leaves `recording` gives up its lease, lets go of its run, opens or refuses the
 * admission, and settles everything that waits.
 */
export type RecorderState = Recording | Stopped | Failed | Closed;

export const IDLE: Idle = { name: 'idle', changes: NO_CHANGES };

/**
 * How a recorder begins.
 *
 * @param refusal - The error where another end is stored than the run's own; null otherwise.
 */
export function beginRecording(changes: Changes, refusal: RunError | null): Recording {
  const step: Due = { name: 'due', changes, renews: false };
  const end = refusal === null ? 'own' : 'elsewhere';
  return { name: 'recording', step, lease: 'none', end, refusal, until: 'told' };
}

/** What `flush` rejects with in this state; null for nothing. */
export function errorOf(state: RecorderState): RunError | null {
  return state.name === 'recording' || state.name === 'stopped' ? state.refusal : state.error;
}
