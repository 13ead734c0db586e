import { clearInterval, clearTimeout, setImmediate, setInterval, setTimeout } from 'node:timers';

/**
 * Time and chance, for everything in a store that waits, measures or draws. One place, so that a test
 * can put its own in.
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
  /** Calls back once everything has run that runs or is settled now. */
  tick(callback: () => void): void;
  /** From 0 to below 1. */
  random(): number;
}

const { performance } = globalThis;

/**
 * The time of this process. What it calls is taken as this file is loaded: fake timers of a test that
 * are put in afterwards do not stop it.
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

/** Fake timers were there before this file: what they put in has the clock that they drive. */
function isFake(timer: object): boolean {
  return 'clock' in timer;
}

/** A message to oneself comes in a turn of its own, as `setImmediate` does, and nobody fakes it. */
function throughAPort(): Clock['tick'] {
  const { port1, port2 } = new MessageChannel();
  const waiting: (() => void)[] = [];
  port1.on('message', () => {
    const callback = waiting.shift();
    if (waiting.length === 0) port1.unref();
    callback?.();
  });
  port1.unref();
  return (callback) => {
    waiting.push(callback);
    port1.ref();
    port2.postMessage(null);
  };
}
