/** The `RunState` of the OpenAI Agents SDK. */
import { Agent, RunContext, RunState, Usage } from '@openai/agents';
import type { Subject } from '../subject';
import { repeatedAsync } from '../subject';
import type { Keeper } from '../work';
import { METADATA, mutate } from '../work';

const PROMPT = 'Summarise the open incidents of the payments team and say which one is the most urgent.';

type State = RunState<typeof METADATA, Agent>;

const agent = new Agent({ name: 'operations' });

const keeper: Keeper<State> = {
  create: () => new RunState(new RunContext(METADATA), PROMPT, agent, 20) as State,
  start: () => undefined,
  turn(state) {
    state._currentTurn += 1;
  },
  use(state, { input_tokens, output_tokens, cache_read_tokens, total_tokens }) {
    const details = { input_tokens_details: { cached_tokens: cache_read_tokens } };
    state.usage.add(new Usage({ input_tokens, output_tokens, total_tokens, requests: 1, ...details }));
  },
  finish(state, output) {
    state._currentStep = { type: 'next_step_final_output', output: JSON.stringify(output) };
  },
};

export function lifecycle(): Subject {
  return repeatedAsync(async () => RunState.fromString(agent, mutate(keeper).toString()));
}
