import { clearInterval, clearTimeout, setImmediate, setInterval, setTimeout } from 'node:timers';

/**
 * Time and randomness, for everything in a store that waits or measures. One place, so that a test can
 * replace it.
 */
export interface Clock {
  /** Milliseconds that only ever grow; for durations. */
  now(): number;
  /** Milliseconds since the epoch; for what is written down. */
  epochMs(): number;
  /**
   * Calls back once, after so many milliseconds.
   *
   * @param mayExit - Whether the process may end before.
   * @returns a function that takes it back.
   */
  after(ms: number, callback: () => void, mayExit: boolean): () => void;
  /** Calls back again and again; the process may end meanwhile. Returns a function that ends it. */
  every(ms: number, callback: () => void): () => void;
  /** Calls back after the current tick, and after everything that is settled by now. */
  tick(callback: () => void): void;
  /** From 0 to below 1. */
  random(): number;
}

const { performance } = globalThis;

/**
 * The time of this process. It takes Node's functions as this file is loaded, so that fake timers which a
 * test puts in later do not stop it.
 */
export const systemClock: Clock = {
  now: performance.now.bind(performance),
  epochMs: () => Date.now(),
  after(ms, callback, mayExit) {
    const timer = setTimeout(callback, ms);
    if (mayExit) timer.unref();
    return () => clearTimeout(timer);
  },
  every(ms, callback) {
    const timer = setInterval(callback, ms);
    timer.unref();
    return () => clearInterval(timer);
  },
  tick: isFake(setImmediate) ? throughAPort() : (callback) => void setImmediate(callback),
  random: () => Math.random(),
};

/** Settles after so many milliseconds. */
export function sleep(clock: Clock, ms: number, mayExit = false): Promise<void> {
  return new Promise((resolve) => {
    clock.after(ms, resolve, mayExit);
  });
}

/** Settles once everything else has had its turn. */
export function nextTick(clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    clock.tick(resolve);
  });
}

/**
 * Whether a function is a fake of a test's timers, put in before this file was loaded: a fake has a
 * `clock`.
 */
function isFake(timer: object): boolean {
  return 'clock' in timer;
}

/**
 * By a message to oneself, which comes in a turn of its own as `setImmediate` does, and which nobody fakes.
 */
function throughAPort(): Clock['tick'] {
  const { port1, port2 } = new MessageChannel();
  const waiting: (() => void)[] = [];
  port1.on('message', () => {
    const callback = waiting.shift() as () => void;
    if (waiting.length === 0) port1.unref();
    callback();
  });
  port1.unref();
  return (callback) => {
    waiting.push(callback);
    port1.ref();
    port2.postMessage(null);
  };
}
