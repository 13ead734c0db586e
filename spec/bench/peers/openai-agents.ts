/**
 * The `RunState` of the OpenAI Agents SDK, driven as its runner drives it: the conversation as input
 * items, a model response with its usage for every turn, the output as the text of the last step.
 */
import type { AgentInputItem } from '@openai/agents';
import { Agent, assistant, RunContext, RunState, system, Usage, user } from '@openai/agents';
import type { Subject } from '../subject';
import { repeatedAsync } from '../subject';
import type { Keeper } from '../work';
import { INPUT, METADATA, mutate } from '../work';

type State = RunState<typeof METADATA, Agent>;

const agent = new Agent({ name: 'operations' });
const roles: Record<string, (text: string) => AgentInputItem> = { assistant, system, user };
const input = INPUT.messages.map(({ role, content }) => roles[role]!(content));

const keeper: Keeper<State> = {
  create: () => new RunState(new RunContext(METADATA), input, agent, 20) as State,
  start: () => undefined,
  turn(state) {
    state._currentTurn += 1;
  },
  use(state, { input_tokens, output_tokens, cache_read_tokens, total_tokens }) {
    const details = { input_tokens_details: { cached_tokens: cache_read_tokens } };
    const usage = new Usage({ input_tokens, output_tokens, total_tokens, requests: 1, ...details });
    state._modelResponses.push({ usage, output: [] });
    state.usage.add(usage);
  },
  finish(state, output) {
    state._currentStep = { type: 'next_step_final_output', output: JSON.stringify(output) };
  },
};

export function lifecycle(): Subject {
  return repeatedAsync(async () => RunState.fromString(agent, mutate(keeper).toString()));
}
