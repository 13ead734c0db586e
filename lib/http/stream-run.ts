import { refuseUnknown } from '../record/options';
import type { RunStore } from '../store/store';
import { jsonAnswer } from './answer';
import { streamOfRun } from './event-stream';
import { describeError } from './http-error';
import { Query } from './query';
import { lastEventId, runOf } from './routes';

/** Which run is streamed. */
export interface StreamRunOptions {
  /** The run's id. */
  readonly runId: string;
}

/**
 * The journal of one run as an event stream, for a route of one's own, which has to say who may read
 * it. It goes on from the request's `Last-Event-ID`, else from `after_seq` of its query, and ends with
 * the run. A client that disconnects ends the stream and never the run.
 *
 * @returns the stream; where there is no such run, or the store does not answer, the error in JSON.
 */
export async function streamRun(
  store: RunStore,
  request: Request,
  options: StreamRunOptions,
): Promise<Response> {
  refuseUnknown(options, ['runId'], 'options of streamRun');
  const { runId } = options;
  try {
    const query = new Query(new URL(request.url).searchParams);
    const start = lastEventId(request) ?? query.start('after_seq') ?? 0;
    query.check();
    const run = await runOf(store, runId);
    return await streamOfRun(store, request, { run, start });
  } catch (error) {
    const { status, body } = describeError(error);
    return jsonAnswer(body, status);
  }
}
