/**
 * Records what LangChain and LangGraph do in a run, as a callback handler.
 *
 * @module agent-run/langchain
 */
export type { FrameworkOptions, KeptOptions } from '../options';
export type { RunCallbackHandlerOptions } from './run-callback-handler';
export { RunCallbackHandler } from './run-callback-handler';
