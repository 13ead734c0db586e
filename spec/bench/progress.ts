/** A line on standard error that says how far a part is. */
export interface Progress {
  readonly update: (share: number) => void;
  readonly done: () => void;
}

const STEP_MS = 200;

/** Rewrites one line on a terminal; elsewhere it says what begins, and how long it took. */
export function showProgress(what: string): Progress {
  const { stderr } = process;
  const started = Date.now();
  let shownAt = 0;
  if (!stderr.isTTY) {
    stderr.write(`${what}\n`);
    return {
      update: () => undefined,
      done: () => void stderr.write(`  ${Math.round((Date.now() - started) / 1000)} s\n`),
    };
  }
  return {
    update(share) {
      const now = Date.now();
      if (now - shownAt < STEP_MS) return;
      shownAt = now;
      stderr.write(`\r${what}: ${Math.round(share * 100)} % after ${Math.round((now - started) / 1000)} s `);
    },
    done: () => void stderr.write(`\r${' '.repeat(what.length + 24)}\r`),
  };
}
