import { MessageChannel } from 'node:worker_threads';

type Wake = () => void;

const waiting: (() => void)[] = [];
let channels: [Wake, Wake] | null = null;

/**
 * Settles after everything else that waits for the event loop has had a turn. By a message to oneself:
 * timers, `setImmediate` too, stand still under the fake timers of test frameworks.
 */
export function letOthersIn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    if (waiting.length > 1) return;
    channels ??= [openChannel(), openChannel()];
    // Two channels take turns: Node delivers up to a thousand messages of one channel before anything else.
    channels.reverse();
    channels[0]();
  });
}

function openChannel(): Wake {
  const { port1, port2 } = new MessageChannel();
  port1.on('message', () => {
    port1.unref();
    for (const resolve of waiting.splice(0)) resolve();
  });
  port1.unref();
  return () => {
    port1.ref();
    port2.postMessage(null);
  };
}

/** How long, in milliseconds, work goes on before others in this process get a turn. */
export const TURN_MS = 8;

/** Tells work in many small pieces when to let others in. */
export class Turns {
  #until = performance.now() + TURN_MS;

  /** Whether it is time to let others in. */
  get isOver(): boolean {
    return performance.now() >= this.#until;
  }

  async next(): Promise<void> {
    await letOthersIn();
    this.#until = performance.now() + TURN_MS;
  }
}
