import type { RunEvents } from 'agent-run';
import { copyOfEvent, freezeInside } from '../../lib/record/event-copy';
import { makeRun } from '../support/make-run';

type Name = keyof RunEvents;

const run = makeRun();
const nested = (): object => ({ list: [{ deep: 1 }], when: new Date(0), text: 'x', nothing: null });

/** An event of each name, made anew, with something nested wherever there may be. */
const EVENTS: Readonly<Record<Name, () => Record<string, unknown>>> = {
  statusChanged: () => ({ run, from: 'pending', to: 'running', at: 1 }),
  turnIncremented: () => ({ run, turnCount: 2, at: 1 }),
  usageUpdated: () => ({
    run,
    delta: { input_tokens: 1, details: { cached: 1 } },
    tokenUsage: { input_tokens: 3, details: { cached: 2 } },
    costUsd: null,
    at: 1,
  }),
  attributesChanged: () => ({ run, names: ['metadata'], at: 1 }),
  limitApproaching: () => ({ run, limit: 'maxTurns', allowed: 5, actual: 4, at: 1 }),
  childCreated: () => ({ run, child: makeRun(), at: 1 }),
  stepStarted: () => ({
    run,
    step: { index: 1, parent: null, name: 'a', kind: 'tool', input: nested() },
    at: 1,
  }),
  stepEnded: () => ({ run, step: { index: 1, name: 'a', status: 'completed', output: nested() }, at: 1 }),
  noted: () => ({ run, name: 'a', data: nested(), at: 1 }),
  parked: () => ({ run, awaiting: { reason: null, data: nested(), state: nested() }, at: 1 }),
  answered: () => ({ run, answer: [nested()], at: 1 }),
  listenerError: () => ({ run, event: 'noted', error: { thrown: { by: 'a listener' } } }),
};

const CASES = Object.entries(EVENTS);

/** The paths of all arrays and plain objects in the value that are frozen, or that are not. */
function pathsIn(value: unknown, isFrozen: boolean, path = ''): string[] {
  if (typeof value !== 'object' || value === null || value === run) return [];
  const own = Object.isFrozen(value) === isFrozen ? [path] : [];
  return [
    ...own,
    ...Object.entries(value).flatMap(([key, each]) => pathsIn(each, isFrozen, `${path}/${key}`)),
  ];
}

describe('copyOfEvent()', () => {
  it.each(CASES)('gives an event of its own that says the same, of %s', (name, makeEvent) => {
    const event = makeEvent();
    const copy = copyOfEvent(name, event);

    expect(copy).not.toBe(event);
    expect(copy).toEqual(event);
    expect(Object.entries(copy)).toEqual(Object.entries(event));
  });

  it('copies the counters of usageUpdated too: a listener may count on in them', () => {
    const event = EVENTS.usageUpdated() as { delta: object; tokenUsage: object };
    const copy = copyOfEvent('usageUpdated', event) as typeof event;

    expect(copy.delta).not.toBe(event.delta);
    expect(copy.tokenUsage).not.toBe(event.tokenUsage);
  });
});

describe('freezeInside()', () => {
  it.each<[Name, readonly string[]]>([
    ['usageUpdated', ['/delta/details']],
    ['stepStarted', ['/step', '/step/input', '/step/input/list', '/step/input/list/0']],
    ['stepEnded', ['/step', '/step/output', '/step/output/list', '/step/output/list/0']],
    ['noted', ['/data', '/data/list', '/data/list/0']],
    [
      'parked',
      [
        '/awaiting',
        ...['data', 'state'].flatMap((key) => ['', '/list', '/list/0'].map((at) => `/awaiting/${key}${at}`)),
      ],
    ],
    ['answered', ['/answer', '/answer/0', '/answer/0/list', '/answer/0/list/0']],
  ])('freezes the payloads of %s at every depth, and neither the event nor a Date', (name, frozen) => {
    const event = EVENTS[name]();
    freezeInside(name, event);

    expect(pathsIn(event, true)).toEqual(frozen);
  });

  it.each<Name>([
    'statusChanged',
    'turnIncremented',
    'attributesChanged',
    'limitApproaching',
    'childCreated',
    'listenerError',
  ])('freezes nothing of %s', (name) => {
    const event = EVENTS[name]();
    freezeInside(name, event);

    expect(pathsIn(event, true)).toEqual([]);
  });

  it('never freezes the run', () => {
    for (const [name, makeEvent] of CASES) freezeInside(name, makeEvent());

    expect(Object.isFrozen(run)).toBe(false);
  });
});
