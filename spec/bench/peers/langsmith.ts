/** LangSmith's `RunTree`, tracing off: nothing goes over the network. */
import { RunTree } from 'langsmith/run_trees';
import type { RunTreeConfig } from 'langsmith/run_trees';
import type { Subject } from '../subject';
import { repeatedAsync } from '../subject';
import { INPUT, METADATA, mutate, OUTPUT, SESSION_ID } from '../work';
import type { Keeper } from '../work';

const keeper: Keeper<RunTree> = {
  create: () =>
    new RunTree({
      name: 'agent',
      run_type: 'chain',
      project_name: SESSION_ID,
      inputs: INPUT,
      metadata: { ...METADATA },
      tracingEnabled: false,
    }),
  start: (tree) => tree.addEvent('running'),
  turn: (tree) => tree.addEvent('turn'),
  use(tree, usage) {
    const next = { ...(tree.metadata['usage_metadata'] as Record<string, number> | undefined) };
    for (const [counter, count] of Object.entries(usage) as [string, number][]) {
      next[counter] = (next[counter] ?? 0) + count;
    }
    tree.metadata['usage_metadata'] = next;
  },
  finish: () => undefined,
};

export function lifecycle(): Subject {
  return repeatedAsync(async () => {
    const tree = mutate(keeper);
    await tree.end(OUTPUT);
    const text = JSON.stringify(tree);
    return new RunTree({ ...(JSON.parse(text) as RunTreeConfig), tracingEnabled: false });
  });
}
