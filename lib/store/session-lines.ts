/** A place in the queue for a session. */
export interface Ticket {
  /** Whether it is its turn. */
  readonly isFirst: boolean;
  /** @param isIn - Whether it leaves because it was admitted: the session is then busy for all others. */
  leave(isIn: boolean): void;
}

/**
 * The queues for sessions in this process. The first in each tries the database, the others wait for their
 * turn.
 */
export class SessionLines {
  readonly #lines = new Map<string, Set<LineTicket>>();

  /**
   * @param onFirst - Called when it becomes the first, unless it was so from the start. Told whether the
   * one before was admitted.
   */
  join(sessionId: string, onFirst: (isBusy: boolean) => void): Ticket {
    const line = this.#lines.get(sessionId) ?? new Set();
    this.#lines.set(sessionId, line);
    const ticket = new LineTicket(line, onFirst, () => {
      if (line.size === 0) this.#lines.delete(sessionId);
    });
    return ticket;
  }
}

class LineTicket implements Ticket {
  readonly onFirst: (isBusy: boolean) => void;
  readonly #line: Set<LineTicket>;
  readonly #onLeft: () => void;

  constructor(line: Set<LineTicket>, onFirst: (isBusy: boolean) => void, onLeft: () => void) {
    this.onFirst = onFirst;
    this.#line = line;
    this.#onLeft = onLeft;
    line.add(this);
  }

  get isFirst(): boolean {
    return firstOf(this.#line) === this;
  }

  leave(isIn: boolean): void {
    const wasFirst = this.isFirst;
    if (!this.#line.delete(this)) return;
    this.#onLeft();
    if (wasFirst) firstOf(this.#line)?.onFirst(isIn);
  }
}

function firstOf(line: ReadonlySet<LineTicket>): LineTicket | undefined {
  for (const ticket of line) return ticket;
  return undefined;
}
