import { compare } from '../compare';
import type { Part, PartResult, Row } from '../report';
import { slowness } from '../report';
import type { SubjectAddress } from '../subject';

const LISTENERS = [1, 2, 3, 5, 10];
const FIGURE = { atMost: 1.1 };

/** What an event costs, from no listener to ten. */
export const dispatch: Part = {
  name: 'dispatch',
  async run(progress): Promise<PartResult> {
    const rows: Row[] = [];
    const pairings = [
      ...[0, ...LISTENERS].map((count) => turn(count)),
      ...LISTENERS.map((count) => emit(count)),
    ];
    for (const [index, { base, candidate, listeners }] of pairings.entries()) {
      const [compared] = await compare({
        base,
        candidates: [candidate],
        sliceMs: 60,
        warmMs: 400,
        progress: (share) => progress((index + share) / pairings.length),
      });
      rows.push(slowness(compared!, base.name, listeners === 0 ? { atMost: 1 } : FIGURE));
    }
    return { title: 'Dispatch: Run isolates its listeners, eventemitter3 does not', rows, notes: NOTES };
  },
};

const NOTES = [
  'a turn builds the payload and dispatches it; without listeners Run builds none, the bare emitter does',
  'Run also checks that it has not ended, keeps the order of events that listeners cause, and catches what listeners throw',
];

function turn(listeners: number) {
  return {
    listeners,
    base: subject('bare eventemitter3', 'bareTurn', listeners),
    candidate: subject(`a turn, listeners: ${listeners}`, 'runTurn', listeners),
  };
}

function emit(listeners: number) {
  return {
    listeners,
    base: subject('bare eventemitter3', 'bareEmit', listeners),
    candidate: subject(`emit alone, listeners: ${listeners}`, 'runEmit', listeners),
  };
}

function subject(name: string, factory: string, listeners: number): SubjectAddress {
  return { name, module: 'subjects/dispatch', factory, parameters: { listeners } };
}
