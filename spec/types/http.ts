/** What a user of the handler may compile, without the types of Node. */
import { httpStatusOf } from 'agent-run';
import { createRunHandler, streamRun, toNodeListener } from 'agent-run/http';
import { MemoryRunStore } from 'agent-run/store';

const store = new MemoryRunStore();
const handler = createRunHandler({
  store,
  basePath: '/agent-runs',
  authorize: (request) => request.headers.has('authorization'),
});
export const answer: Promise<Response> = handler(new Request('http://localhost/agent-runs'));
export const listener: (incoming: never, outgoing: never) => unknown = toNodeListener(handler);
export const stream: (request: Request) => Promise<Response> = async (request) =>
  streamRun(store, request, { runId: 'run_1' });
export const status: number = httpStatusOf(new Error('x'));
// @ts-expect-error: whoever may look has to be said
createRunHandler({ store });
