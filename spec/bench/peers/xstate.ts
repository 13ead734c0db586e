/** A state machine of xstate whose context is the record. */
import type { ActorRefFrom } from 'xstate';
import { assign, createActor, setup } from 'xstate';
import type { Subject } from '../subject';
import { repeated } from '../subject';
import type { Usage, WritingKeeper } from '../work';
import { INPUT, live, METADATA, mutate, SESSION_ID } from '../work';

interface Context {
  sessionId: string;
  input: object;
  output: object | null;
  metadata: object;
  provider: string;
  turnCount: number;
  tokenUsage: Record<string, number>;
  startedAt: number;
  endedAt: number | null;
}

type RunEvent =
  { type: 'start' } | { type: 'turn' } | { type: 'use'; usage: Usage } | { type: 'finish'; output: object };

const machine = setup({
  types: {
    context: {} as Context,
    events: {} as RunEvent,
    input: {} as Pick<Context, 'sessionId' | 'input' | 'metadata' | 'provider'>,
  },
}).createMachine({
  id: 'run',
  initial: 'pending',
  context: ({ input }) => ({
    ...input,
    output: null,
    turnCount: 0,
    tokenUsage: {},
    startedAt: Date.now(),
    endedAt: null,
  }),
  states: {
    pending: { on: { start: 'running' } },
    running: {
      on: {
        turn: { actions: assign({ turnCount: ({ context }) => context.turnCount + 1 }) },
        use: {
          actions: assign({ tokenUsage: ({ context, event }) => sum(context.tokenUsage, event.usage) }),
        },
        finish: {
          target: 'completed',
          actions: assign({ output: ({ event }) => event.output, endedAt: () => Date.now() }),
        },
      },
    },
    completed: { type: 'final' },
    failed: { type: 'final' },
    cancelled: { type: 'final' },
    timeout: { type: 'final' },
  },
});

type Actor = ActorRefFrom<typeof machine>;

function sum(current: Record<string, number>, usage: Usage): Record<string, number> {
  const next = { ...current };
  for (const [counter, count] of Object.entries(usage) as [string, number][]) {
    next[counter] = (next[counter] ?? 0) + count;
  }
  return next;
}

const input = { sessionId: SESSION_ID, input: INPUT, metadata: METADATA, provider: 'openai' };

export function createRunActor(): Actor {
  return createActor(machine, { input }).start();
}

const keeper: WritingKeeper<Actor> = {
  create: createRunActor,
  start: (actor) => actor.send({ type: 'start' }),
  turn: (actor) => actor.send({ type: 'turn' }),
  use: (actor, usage) => actor.send({ type: 'use', usage }),
  finish: (actor, output) => actor.send({ type: 'finish', output }),
  write: (actor) => JSON.stringify(actor.getPersistedSnapshot()),
  read: (text) => createActor(machine, { input, snapshot: JSON.parse(text) }).start(),
};

export function lifecycle(): Subject {
  return repeated(() => live(keeper));
}

export function mutations(): Subject {
  return repeated(() => mutate(keeper));
}
