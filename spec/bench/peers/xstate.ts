/** A state machine of xstate whose context is the record, and which emits what `Run` emits. */
import { v7 } from 'uuid';
import type { ActorRefFrom } from 'xstate';
import { assign, createActor, emit, setup } from 'xstate';
import type { Subject } from '../subject';
import { repeated } from '../subject';
import type { Usage, WritingKeeper } from '../work';
import { INPUT, live, METADATA, mutate, SESSION_ID } from '../work';

interface Context {
  id: string;
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

type Change =
  { type: 'start' } | { type: 'turn' } | { type: 'use'; usage: Usage } | { type: 'finish'; output: object };

type Emitted =
  | { type: 'statusChanged'; from: string; to: string; at: number }
  | { type: 'turnIncremented'; turnCount: number; at: number }
  | { type: 'usageUpdated'; delta: Usage; tokenUsage: Record<string, number>; at: number };

const machine = setup({
  types: {
    context: {} as Context,
    events: {} as Change,
    emitted: {} as Emitted,
    input: {} as Pick<Context, 'sessionId' | 'input' | 'metadata' | 'provider'>,
  },
  guards: {
    counts: ({ event }) => event.type === 'use' && Object.values(event.usage).every(isCount),
  },
}).createMachine({
  id: 'run',
  initial: 'pending',
  context: ({ input }) => ({
    ...input,
    id: `run_${v7().replaceAll('-', '')}`,
    output: null,
    turnCount: 0,
    tokenUsage: {},
    startedAt: Date.now(),
    endedAt: null,
  }),
  states: {
    pending: {
      on: {
        start: {
          target: 'running',
          actions: emit(() => ({ type: 'statusChanged', from: 'pending', to: 'running', at: Date.now() })),
        },
      },
    },
    running: {
      on: {
        turn: {
          actions: [
            assign({ turnCount: ({ context }) => context.turnCount + 1 }),
            emit(({ context }) => ({
              type: 'turnIncremented',
              turnCount: context.turnCount,
              at: Date.now(),
            })),
          ],
        },
        use: {
          guard: 'counts',
          actions: [
            assign({ tokenUsage: ({ context, event }) => sum(context.tokenUsage, event.usage) }),
            emit(({ context, event }) => ({
              type: 'usageUpdated',
              delta: event.usage,
              tokenUsage: context.tokenUsage,
              at: Date.now(),
            })),
          ],
        },
        finish: {
          target: 'completed',
          actions: [
            assign({ output: ({ event }) => event.output, endedAt: () => Date.now() }),
            emit(() => ({ type: 'statusChanged', from: 'running', to: 'completed', at: Date.now() })),
          ],
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

function isCount(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value < Infinity;
}

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
