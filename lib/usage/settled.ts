import { unreadable } from './unreadable';

/** Members of the results of streams, whose getters start the stream: the AI SDK's. */
const STREAMS = ['textStream', 'fullStream', 'partialObjectStream', 'elementStream', 'consumeStream'];

const AWAIT = 'is a promise, or has its usage only as a promise: await it, and hand in what it gives';

/**
 * Refuses what has to be awaited first, without touching a getter: that of a stream's result would start
 * the stream.
 *
 * @throws {RunError} `validation_error`
 */
export function refuseUnsettled(payload: object): void {
  if (isThenable(payload) || STREAMS.some((name) => name in payload)) throw unreadable(AWAIT);
  // A settled result has its `steps` as an ordinary member. Where they come from a getter, everything does.
  if (isGetter(payload, 'steps')) throw unreadable(AWAIT);
}

/** Refuses a usage that is a promise, and keeps its rejection from being unhandled. */
export function refusePromise(value: object, path: string): void {
  if (!isThenable(value)) return;
  if (value instanceof Promise) value.catch(() => undefined);
  throw unreadable('is a promise: await it, and hand in what it gives', path);
}

function isThenable(value: object): boolean {
  return !isGetter(value, 'then') && typeof (value as { then?: unknown }).then === 'function';
}

function isGetter(payload: object, name: string): boolean {
  let holder: object | null = payload;
  while (holder !== null) {
    const descriptor = Object.getOwnPropertyDescriptor(holder, name);
    if (descriptor !== undefined) return descriptor.get !== undefined;
    holder = Object.getPrototypeOf(holder) as object | null;
  }
  return false;
}
