import type { AnyRun, RunEvents } from 'agent-run';

/** An event as a test likes to compare it: its name first, then its payload without the run. */
export type RecordedEvent = readonly [name: keyof RunEvents, payload: object];

const NAMES: readonly (keyof RunEvents)[] = [
  'statusChanged',
  'turnIncremented',
  'usageUpdated',
  'attributesChanged',
  'limitApproaching',
  'childCreated',
  'stepStarted',
  'stepEnded',
  'noted',
  'parked',
  'answered',
  'listenerError',
];

/** Listens to every event of the run; the list grows as they come. */
export function recordEvents(run: AnyRun): RecordedEvent[] {
  const events: RecordedEvent[] = [];
  for (const name of NAMES) {
    run.on(name, (event: { run: AnyRun }) => {
      const { run: subject, ...payload } = event;
      if (subject !== run) throw new Error(`${name} is of another run`);
      events.push([name, payload]);
    });
  }
  return events;
}
