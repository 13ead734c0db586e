import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, getJson } from '../api/client';
import { useConnection } from './use-connection';

/** What a route gives: nothing yet, an answer, an error, or an answer that an error keeps from being renewed. */
export interface Resource<Answer> {
  readonly answer: Answer | null;
  readonly error: ApiError | null;
  /** Whether a request is under way. */
  readonly loading: boolean;
  /** Whether the answer belongs to the address before this one. */
  readonly stale: boolean;
  readonly refresh: () => void;
}

interface State<Answer> {
  readonly url: string | null;
  readonly answer: Answer | null;
  readonly error: ApiError | null;
  readonly loading: boolean;
}

const NOTHING = { url: null, answer: null, error: null, loading: true };

/**
 * Reads a route, and again when its address changes, when the server comes back, and on `refresh`, which
 * never asks while an answer is under way and leaves a slow server time in between.
 */
export function useResource<Answer>(url: string): Resource<Answer> {
  const { epoch } = useConnection();
  const [state, setState] = useState<State<Answer>>(NOTHING);
  const refreshRef = useRef<() => void>(() => undefined);
  useEffect(() => {
    const reader = new Reader<Answer>(url, setState);
    refreshRef.current = () => reader.refresh();
    reader.read();
    return () => reader.stop();
  }, [url, epoch]);
  const refresh = useCallback(() => refreshRef.current(), []);
  return { ...state, stale: state.url !== url && state.answer !== null, refresh };
}

/** One address being read. */
class Reader<Answer> {
  readonly #url: string;
  readonly #setState: (update: (state: State<Answer>) => State<Answer>) => void;
  readonly #abort = new AbortController();
  #under = false;
  #again = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(url: string, setState: (update: (state: State<Answer>) => State<Answer>) => void) {
    this.#url = url;
    this.#setState = setState;
  }

  stop(): void {
    this.#abort.abort();
    clearTimeout(this.#timer);
  }

  refresh(): void {
    if (this.#under) this.#again = true;
    else this.read();
  }

  read(): void {
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
    const tookMs = performance.now() - startedAt;
    this.#timer = setTimeout(() => this.#rested(), Math.max(300, 10 * tookMs));
  }

  #rested(): void {
    this.#under = false;
    if (!this.#again) return;
    this.#again = false;
    this.read();
  }
}
