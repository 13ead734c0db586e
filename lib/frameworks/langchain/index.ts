export type { FrameworkOptions, KeptOptions } from '../options';
export type { RunCallbackHandlerOptions } from './run-callback-handler';
export { RunCallbackHandler } from './run-callback-handler';
