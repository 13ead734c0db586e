/**
 * Records what the Vercel AI SDK does in a run: calls of models, and tools.
 *
 * @module agent-run/ai-sdk
 */
export type { FrameworkOptions, KeptOptions } from '../options';
export type { RunMiddleware } from './run-middleware';
export { runMiddleware } from './run-middleware';
export type { RunToolsOptions } from './run-tools';
export { runTools } from './run-tools';
