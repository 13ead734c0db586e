/**
 * Records what the OpenAI Agents SDK does in a run: agents, calls of models, tools, hand-offs.
 *
 * @module agent-run/openai-agents
 */
export type { FrameworkOptions, KeptOptions } from '../options';
export type { RecordRunnerOptions } from './record-runner';
export { recordRunner } from './record-runner';
