import type { Announcement, Attachment, Change, Port } from './record/attachment';
import { attachedTo, attachTo, findPortOf } from './record/attachment';
import type { AnyRun } from './run';

/**
 * How a part of this package follows a run: every member is optional.
 *
 * ```ts
 * const detach = portOf(run).attach({
 *   changed: (name, event) => {
 *     if (name === 'childCreated') follow(event.child);
 *   },
 * });
 * ```
 */
export type RunAttachment = Attachment<AnyRun>;

/** The arguments of `changed`. */
export type RunChange = Change<AnyRun>;

/** The arguments of `deliver`. */
export type RunAnnouncement = Announcement<AnyRun>;

/** What the package's own parts may do with a run, beyond its public methods. */
export type RunPort = Port<AnyRun>;

/** The one door by which store, telemetry, meter and manager follow a run. Ask for it anew each time. */
export function portOf(run: AnyRun): RunPort {
  return findPortOf(run);
}

/** Follows the run from here on; returns a function that stops it. */
export function follow(run: AnyRun, attachment: RunAttachment): () => void {
  return attachTo(run, attachment);
}

/** What follows the run: each as it was attached. */
export function followersOf(run: AnyRun): readonly object[] {
  return attachedTo(run);
}
