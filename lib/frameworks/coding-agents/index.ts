export type { FrameworkOptions, KeptOptions } from '../options';
export type { AgentStreamOptions, StreamProblem } from './options';
export type { AgentStreamSource } from './record-agent-stream';
export { recordAgentStream } from './record-agent-stream';
