import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, getJson } from '../api/client';
import { useConnection } from './use-connection';

/**
 * The state of a route: no answer yet, an answer, an error, or an old answer with the error of its renewal.
 */
export interface Resource<Answer> {
  readonly answer: Answer | null;
  readonly error: ApiError | null;
  /** Whether a request is under way. */
  readonly loading: boolean;
  /** Whether the answer belongs to the address before this one. */
  readonly stale: boolean;
  readonly refresh: () => void;
  /** Asks again at once, after an error. */
  readonly retry: () => void;
}

interface State<Answer> {
  readonly url: string | null;
  readonly answer: Answer | null;
  readonly error: ApiError | null;
  readonly loading: boolean;
}

/** The longest rest after a list or a record, which cost a server little. */
const LIST_REST_MS = 2_000;
/** The longest rest after sums over many runs. */
export const SUMS_REST_MS = 60_000;

const NOTHING = { url: null, answer: null, error: null, loading: true };

/**
 * Reads a route, and again when its address changes, when the server comes back, after an error that may
 * pass, and on `refresh`, which never asks while an answer is under way and leaves a slow server time in
 * between. A `refresh` is never dropped: what is shown was asked for after the last of them.
 *
 * @param longestRestMs - The longest pause, in milliseconds, between an answer of a slow server and the
 * next request.
 */
export function useResource<Answer>(url: string, longestRestMs = LIST_REST_MS): Resource<Answer> {
  const { epoch } = useConnection();
  const [state, setState] = useState<State<Answer>>(NOTHING);
  const reading = useRef<Reader<Answer> | null>(null);
  useEffect(() => {
    const reader = new Reader<Answer>(url, longestRestMs, setState);
    reading.current = reader;
    reader.read();
    return () => reader.stop();
  }, [url, epoch, longestRestMs]);
  const refresh = useCallback(() => reading.current?.refresh(), []);
  const retry = useCallback(() => reading.current?.retry(), []);
  return { ...state, stale: state.url !== url && state.answer !== null, refresh, retry };
}

/** The shortest pause between two requests, in milliseconds. */
const REST_MS = 300;
/** The pause after an error, in milliseconds. */
const RETRY_MS = 2_000;

/** One address being read. */
class Reader<Answer> {
  readonly #url: string;
  readonly #longestRestMs: number;
  readonly #setState: (update: (state: State<Answer>) => State<Answer>) => void;
  readonly #abort = new AbortController();
  /** Whether a request is under way, or the pause after one. */
  #under = false;
  /** Whether to ask once more afterwards. */
  #again = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    url: string,
    longestRestMs: number,
    setState: (update: (state: State<Answer>) => State<Answer>) => void,
  ) {
    this.#url = url;
    this.#longestRestMs = longestRestMs;
    this.#setState = setState;
  }

  stop(): void {
    this.#abort.abort();
    clearTimeout(this.#timer);
  }

  /** At once, unless an answer is under way. */
  retry(): void {
    if (this.#timer !== undefined || !this.#under) this.read();
  }

  refresh(): void {
    if (this.#under) this.#again = true;
    else this.read();
  }

  read(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#under = true;
    this.#setState((state) => ({ ...state, loading: true }));
    void this.#ask(performance.now());
  }

  async #ask(startedAt: number): Promise<void> {
    try {
      const answer = await getJson<Answer>(this.#url, this.#abort.signal);
      this.#settle({ answer, error: null }, startedAt);
    } catch (error) {
      const known =
        error instanceof ApiError ? error : new ApiError(0, 'unknown', 'The answer cannot be read');
      this.#settle({ error: known }, startedAt);
    }
  }

  #settle(change: Partial<State<Answer>>, startedAt: number): void {
    if (this.#abort.signal.aborted) return;
    this.#setState((state) => {
      const answer = state.url === this.#url ? state.answer : null;
      return { answer, error: null, ...change, url: this.#url, loading: false };
    });
    const { error = null } = change;
    if (error?.mayPass === true) this.#again = true;
    const tookMs = performance.now() - startedAt;
    const restMs = Math.max(error === null ? REST_MS : RETRY_MS, Math.min(10 * tookMs, this.#longestRestMs));
    this.#timer = setTimeout(() => this.#rested(), restMs);
  }

  #rested(): void {
    this.#under = false;
    if (!this.#again) return;
    this.#again = false;
    this.read();
  }
}
