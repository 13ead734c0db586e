/** `Run` itself. */
import type { Run as RunType, RunAttributes } from 'agent-run';
import { manager, Run } from '../built';
import type { Subject } from '../subject';
import { repeated, repeatedAsync } from '../subject';
import type { Listening, WritingKeeper } from '../work';
import { INPUT, listen, live, METADATA, mutate, SESSION_ID } from '../work';

const EVENTS = ['statusChanged', 'turnIncremented', 'usageUpdated'] as const;

export function runKeeper({ listeners }: Listening, make: MakeRun = makeRun): WritingKeeper<RunType> {
  return {
    create() {
      const run = make({ sessionId: SESSION_ID, input: INPUT, metadata: METADATA, provider: 'openai' });
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

type MakeRun = (attributes: RunAttributes) => RunType;

const makeRun: MakeRun = (attributes) => new Run(attributes);

/** The same life, of a run that a manager without store and listeners makes. */
export function managed(): Subject {
  const { RunManager } = manager();
  const runs = new RunManager();
  const keeper = runKeeper({ listeners: 0 }, (attributes) => runs.create(attributes));
  return repeated(() => live(keeper));
}

const CALLS = 10_000;

/** Turns of one run after another, 10,000 each. */
export function turns(): Subject {
  return repeated(() => {
    const run = runningRun();
    for (let call = 0; call < CALLS; call++) run.incrementTurn();
    return run;
  });
}

/** Steps of one run after another, 10,000 each, started and ended. */
export function steps(): Subject {
  return repeated(() => {
    const run = runningRun();
    for (let call = 0; call < CALLS; call++) run.startStep('fetch_page').end();
    return run;
  });
}

/** As {@link steps}, each around a function. */
export function functionSteps(): Subject {
  return repeatedAsync(async () => {
    const run = runningRun();
    for (let call = 0; call < CALLS; call++) await run.step('fetch_page', () => call);
    return run;
  });
}

function runningRun(): RunType {
  return new Run({ sessionId: SESSION_ID }).updateStatus('running');
}

export function lifecycle(parameters: Listening): Subject {
  const keeper = runKeeper(parameters);
  return repeated(() => live(keeper));
}

export function mutations(parameters: Listening): Subject {
  const keeper = runKeeper(parameters);
  return repeated(() => mutate(keeper));
}
