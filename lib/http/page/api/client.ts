import { isObject, textAt } from '../model/records';
import type { JsonValue } from '../model/records';
import { setReachable, tellServerTime } from './connection';

/** An error that the server answered with; `unreachable` where it did not answer. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }

  get unreachable(): boolean {
    return this.status === 0;
  }

  /** Whether the same question may be answered later. Where nobody answers, the connection is watched. */
  get mayPass(): boolean {
    return this.status >= 500 || this.status === 429;
  }
}

/** Reads a route. @throws {ApiError} */
export async function getJson<Answer>(url: string, signal?: AbortSignal): Promise<Answer> {
  return (await request(url, { signal: signal ?? null })) as Answer;
}

/** Acts through a route. @throws {ApiError} */
export async function postJson<Answer>(url: string, body: JsonValue): Promise<Answer> {
  const headers = { 'Content-Type': 'application/json' };
  return (await request(url, { method: 'POST', headers, body: JSON.stringify(body) })) as Answer;
}

async function request(url: string, options: RequestInit): Promise<unknown> {
  const response = await send(url, options);
  tellServerTime(response.headers.get('Date'));
  const body = await bodyOf(response);
  if (response.ok && body !== undefined) return body;
  const error = isObject(body) && isObject(body['error']) ? body['error'] : null;
  const message =
    textAt(error, 'message') ?? `The server answered ${response.status} ${response.statusText}`.trim();
  throw new ApiError(response.status, textAt(error, 'code') ?? 'unknown', message);
}

async function send(url: string, options: RequestInit): Promise<Response> {
  try {
    const response = await fetch(url, { ...options, credentials: 'same-origin', cache: 'no-store' });
    setReachable(!isGateway(response.status));
    return response;
  } catch (error) {
    if (options.signal?.aborted) throw error;
    setReachable(false);
    throw new ApiError(0, 'unreachable', 'The server cannot be reached');
  }
}

/** Whether a proxy has answered for a server that is away. */
function isGateway(status: number): boolean {
  return status === 502 || status === 504;
}

async function bodyOf(response: Response): Promise<JsonValue | undefined> {
  try {
    return (await response.json()) as JsonValue;
  } catch {
    return undefined;
  }
}
