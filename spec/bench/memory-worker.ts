/** Says how many bytes of heap one live object takes; runs with `--expose-gc`, in a process of its own. */
import type { Run as RunType } from 'agent-run';
import { Run } from './built';
import { listen, SESSION_ID, USAGE } from './work';

/** Not in the import itself: the compiler would want xstate, which is installed with the benchmarks only. */
const XSTATE_PEER = './peers/xstate.js';

const COUNT = 50_000;

async function makerOf(kind: string): Promise<() => object> {
  switch (kind) {
    case 'fresh':
      return create;
    case 'used':
      return () => use(create());
    case 'listened':
      return () => hear(use(create()));
    default: {
      const { createRunActor } = (await import(XSTATE_PEER)) as { createRunActor: () => object };
      return createRunActor;
    }
  }
}

function create(): RunType {
  return new Run({ sessionId: SESSION_ID });
}

function use(run: RunType): RunType {
  for (let index = 0; index < 10; index++) run.updateTokenUsage(USAGE);
  return run;
}

function hear(run: RunType): RunType {
  return run.on('statusChanged', listen).on('turnIncremented', listen).on('usageUpdated', listen);
}

async function main(): Promise<void> {
  const make = await makerOf(process.argv[2] ?? '');
  for (let index = 0; index < 1000; index++) make();
  const kept: object[] = new Array<object>(COUNT);
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  for (let index = 0; index < COUNT; index++) kept[index] = make();
  globalThis.gc?.();
  process.stdout.write(String((process.memoryUsage().heapUsed - before) / kept.length));
}

void main();
