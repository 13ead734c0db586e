/** `Run` itself. */
import type { Run as RunType } from 'agent-run';
import { Run } from '../built';
import type { Subject } from '../subject';
import { repeated } from '../subject';
import type { Listening, WritingKeeper } from '../work';
import { INPUT, listen, live, METADATA, mutate, SESSION_ID } from '../work';

const EVENTS = ['statusChanged', 'turnIncremented', 'usageUpdated'] as const;

export function runKeeper({ listeners }: Listening): WritingKeeper<RunType> {
  return {
    create() {
      const run = new Run({ sessionId: SESSION_ID, input: INPUT, metadata: METADATA, provider: 'openai' });
      for (let index = 0; index < listeners; index++) {
        for (const event of EVENTS) run.on(event, listen);
      }
      return run;
    },
    start: (run) => void run.updateStatus('running'),
    turn: (run) => void run.incrementTurn(),
    use: (run, usage) => void run.updateTokenUsage(usage),
    finish: (run, output) => void run.setOutput(output),
    write: (run) => JSON.stringify(run),
    read: (text) => Run.fromJSON(JSON.parse(text)),
  };
}

export function lifecycle(parameters: Listening): Subject {
  const keeper = runKeeper(parameters);
  return repeated(() => live(keeper));
}

export function mutations(parameters: Listening): Subject {
  const keeper = runKeeper(parameters);
  return repeated(() => mutate(keeper));
}
