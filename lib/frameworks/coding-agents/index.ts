/**
 * Records what Claude Code, Codex and Gemini CLI say of themselves on their streams.
 *
 * @module agent-run/coding-agents
 */
export type { FrameworkOptions, KeptOptions } from '../options';
export type { AgentStreamOptions, StreamProblem } from './options';
export type { AgentStreamSource } from './record-agent-stream';
export { recordAgentStream } from './record-agent-stream';
