/**
 * A store's runs over HTTP: JSON, event streams, and a page to watch them on.
 *
 * @module agent-run/http
 */
export type { NodeListener, NodeRequest, NodeResponse } from './node-listener';
export { toNodeListener } from './node-listener';
export type { Authorize, RunHandler, RunHandlerOptions } from './run-handler';
export { createRunHandler } from './run-handler';
export type { StreamRunOptions } from './stream-run';
export { streamRun } from './stream-run';
