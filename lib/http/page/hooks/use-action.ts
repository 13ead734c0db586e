import { useState } from 'preact/hooks';
import { postJson } from '../api/client';
import type { JsonValue } from '../model/records';

/** A request that changes something. */
export interface Action {
  readonly busy: boolean;
  /** Why it was not done, or null. */
  readonly problem: string | null;
  /** @returns whether it was done. */
  readonly post: (body: JsonValue) => Promise<boolean>;
}

/** An action behind a route. Its error is kept, to be shown. */
export function useAction(url: string): Action {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const post = async (body: JsonValue): Promise<boolean> => {
    setBusy(true);
    setProblem(null);
    try {
      await postJson(url, body);
      return true;
    } catch (error) {
      setProblem((error as Error).message);
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, problem, post };
}
