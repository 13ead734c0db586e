import type { Entry, RunRecord } from '../model/records';
import { connection, onConnection, setReachable } from './connection';

export interface StreamOptions {
  /** The address from which to read on, given the last id that was heard of. */
  url(lastId: string | null): string;
  entry(entry: Entry): void;
  /** The stream is complete; nothing more comes. */
  end?(run: RunRecord): void;
  /** The stream is open; called again after each time that it was lost. */
  open?(): void;
}

const RETRY_MS = 2_000;

/**
 * Follows a journal until it ends or is stopped, across restarts of the server. While the tab is hidden the
 * connection is given up: a browser has six of them for all its tabs.
 * @returns what stops it.
 */
export function followStream(options: StreamOptions): () => void {
  const follower = new Follower(options);
  return () => {
    follower.stop();
  };
}

class Follower {
  readonly #options: StreamOptions;
  readonly #forget: () => void;
  #source: EventSource | null = null;
  #lastId: string | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #over = false;

  constructor(options: StreamOptions) {
    this.#options = options;
    const revive = (): void => this.#revive();
    const forgetConnection = onConnection(revive);
    document.addEventListener('visibilitychange', revive);
    this.#forget = () => {
      forgetConnection();
      document.removeEventListener('visibilitychange', revive);
    };
    this.#revive();
  }

  stop(): void {
    this.#over = true;
    this.#forget();
    this.#close();
  }

  #revive(): void {
    if (this.#over) return;
    if (document.hidden || !connection().reachable) this.#close();
    else if (this.#source === null) this.#open();
  }

  #open(): void {
    clearTimeout(this.#retry);
    const source = new EventSource(this.#options.url(this.#lastId));
    this.#source = source;
    source.onopen = () => {
      setReachable(true);
      this.#options.open?.();
    };
    source.onmessage = ({ data, lastEventId }: MessageEvent<string>) => {
      if (lastEventId !== '') this.#lastId = lastEventId;
      this.#options.entry(JSON.parse(data) as Entry);
    };
    source.addEventListener('end', ({ data }: MessageEvent<string>) => {
      this.stop();
      this.#options.end?.((JSON.parse(data) as { run: RunRecord }).run);
    });
    source.onerror = () => this.#lost();
  }

  /** Connects again after a loss. Browsers' own retries differ and report nothing. */
  #lost(): void {
    this.#close();
    this.#retry = setTimeout(() => this.#revive(), RETRY_MS);
  }

  #close(): void {
    clearTimeout(this.#retry);
    this.#source?.close();
    this.#source = null;
  }
}
