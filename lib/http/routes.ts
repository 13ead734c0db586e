import { RunError, validationError } from '../record/error';
import type { JsonValue } from '../record/json';
import { ownMember } from '../record/json';
import type { Run } from '../run';
import { journalOf } from '../store/journal-port';
import type { RunStore } from '../store/store';
import { acceptsEventStream } from './accept';
import { jsonAnswer } from './answer';
import { objectOf } from './body';
import { streamOfRun, streamOfSession } from './event-stream';
import { readFilter, withoutUndefined } from './filter-query';
import { readBody } from './guard';
import { isInteger, Query } from './query';
import { readGrouping, rowAnswer } from './summary-query';
import { listByText, summarizeByText } from './text-filter';
import { entryAnswer, runAnswer } from './wire';

/** One request for one of the routes. */
export interface Call {
  readonly store: RunStore;
  readonly request: Request;
  /** Of the run that the path names. */
  readonly id: string;
}

/** A route, and what answers it. */
export interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Whether it changes something. */
  readonly isAction?: true;
  readonly answer: (call: Call) => Promise<Response>;
}

const PAGE = 1000;

/** Everything below `/api`. */
export const ROUTES: readonly Route[] = [
  { method: 'GET', path: '/api/runs', answer: listRuns },
  { method: 'GET', path: '/api/runs/:id', answer: showRun },
  { method: 'GET', path: '/api/runs/:id/events', answer: showEventsOfRun },
  { method: 'GET', path: '/api/events', answer: showEvents },
  { method: 'GET', path: '/api/summary', answer: summarize },
  { method: 'GET', path: '/api/stuck', answer: showStuck },
  { method: 'POST', path: '/api/runs/:id/cancel', answer: cancelRun, isAction: true },
  { method: 'POST', path: '/api/runs/:id/answer', answer: answerRun, isAction: true },
];

async function listRuns({ store, request }: Call): Promise<Response> {
  const query = queryOf(request);
  const filter = readFilter(query);
  const page = withoutUndefined({ limit: query.integer('limit'), cursor: query.text('cursor') });
  query.finish();
  const { runs, nextCursor } = await listByText(store, filter, page);
  return jsonAnswer({ runs: runs.map(runAnswer), next_cursor: nextCursor });
}

async function showRun({ store, request, id }: Call): Promise<Response> {
  queryOf(request).finish();
  const found = await store.inspect(id);
  if (found === null) throw runNotFound(id);
  const { run, lease } = found;
  const leaseAnswer =
    lease === null ? null : { owner: lease.owner, expires_at: lease.expiresAt.toISOString() };
  return jsonAnswer({ run: runAnswer(run), lease: leaseAnswer });
}

async function showEventsOfRun({ store, request, id }: Call): Promise<Response> {
  const query = queryOf(request);
  const after = query.start('after_seq') ?? 0;
  const limit = query.integer('limit') ?? PAGE;
  query.finish();
  const run = await runOf(store, id);
  if (acceptsEventStream(request)) {
    return streamOfRun(store, request, { run, start: lastEventId(request) ?? after });
  }
  const entries = after === 'end' ? [] : await store.events(id, { afterSeq: after, limit });
  return jsonAnswer({ events: entries.map(entryAnswer) });
}

async function showEvents({ store, request }: Call): Promise<Response> {
  const query = queryOf(request);
  const sessionId = query.text('session_id');
  const after = query.start('after_position') ?? 0;
  const limit = Math.min(query.integer('limit') ?? PAGE, PAGE);
  query.finish();
  if (acceptsEventStream(request)) {
    return streamOfSession(store, request, { sessionId, start: lastEventId(request) ?? after });
  }
  const entries =
    after === 'end' ? [] : await journalOf(store).page({ sessionId, afterPosition: after, limit });
  return jsonAnswer({ events: entries.map(entryAnswer) });
}

async function summarize({ store, request }: Call): Promise<Response> {
  const query = queryOf(request);
  const filter = readFilter(query);
  const groupBy = readGrouping(query);
  const zone = withoutUndefined({ timeZone: query.text('time_zone') });
  query.finish();
  const rows = await summarizeByText(store, { groupBy, ...zone, ...filter });
  return jsonAnswer({ rows: rows.map(rowAnswer) });
}

async function showStuck({ store, request }: Call): Promise<Response> {
  queryOf(request).finish();
  const runs = await store.recover({ dryRun: true });
  return jsonAnswer({ runs: runs.map(runAnswer) });
}

async function cancelRun({ store, request, id }: Call): Promise<Response> {
  queryOf(request).finish();
  const reason = ownMember(objectOf(await readBody(request), ['reason']), 'reason');
  if (reason !== undefined && typeof reason !== 'string') {
    throw validationError('body', [{ path: 'reason', message: 'must be a text' }]);
  }
  return jsonAnswer({ run: runAnswer(await store.cancel(id, reason)) });
}

async function answerRun({ store, request, id }: Call): Promise<Response> {
  queryOf(request).finish();
  const value = ownMember(objectOf(await readBody(request), ['value']), 'value');
  if (value === undefined) throw validationError('body', [{ path: 'value', message: 'is missing' }]);
  return jsonAnswer({ run: runAnswer(await store.answer(id, value as JsonValue)) });
}

/** The run whose stream or journal is asked for. */
export async function runOf(store: RunStore, id: string): Promise<Run> {
  const run = await store.get(id);
  if (run === null) throw runNotFound(id);
  return run;
}

/** The id of the last event that the client has, which its browser sends when it connects again. */
export function lastEventId({ headers }: Request): number | undefined {
  const id = headers.get('last-event-id');
  if (id === null || id === '') return undefined;
  if (isInteger(id)) return Number(id);
  throw validationError('request', [{ path: 'Last-Event-ID', message: 'must be an integer, not negative' }]);
}

function queryOf({ url }: Request): Query {
  return new Query(new URL(url).searchParams);
}

function runNotFound(id: string): RunError {
  const shown = id.length > 100 ? `${id.slice(0, 100)}…` : id;
  return new RunError('run_not_found', `The store has no run ${shown}`, { details: { runId: shown } });
}
