import { isEvent } from './event';
import type { StreamEvent } from './event';

/** An event, or the problem with what should be one. `line` counts from 1, empty lines included. */
export type Arrival = { readonly line: number } & (
  { readonly event: StreamEvent } | { readonly problem: string }
);

const BYTE_ORDER_MARK = '\uFEFF';

/**
 * The events of a source: of objects as they are, of text line by line, whether it comes in lines or in pieces
 * of any size. Only a line feed ends a line (with or without a carriage return before it): `node:readline`
 * also splits at U+2028, which JSON may contain.
 */
export class EventSplitter {
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  /** Pieces of a line that has not ended: a line may be many pieces long. */
  #pieces: string[] = [];
  #line = 0;

  /** Takes what the source gave next. */
  take(item: unknown): Arrival[] {
    if (typeof item === 'string') return this.#text(item);
    if (item instanceof Uint8Array) return this.#text(this.#decoder.decode(item, { stream: true }));
    this.#line += 1;
    return [isEvent(item) ? { line: this.#line, event: item } : this.#problem('is no JSON object')];
  }

  /** The source is at its end: what is left is a line. */
  end(): Arrival[] {
    const rest = this.#text(this.#decoder.decode());
    return this.#pieces.length === 0 ? rest : [...rest, ...this.#endLine('')];
  }

  #text(text: string): Arrival[] {
    const arrivals: Arrival[] = [];
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      arrivals.push(...this.#endLine(text.slice(start, end)));
      start = end + 1;
    }
    const rest = text.slice(start);
    if (rest !== '') arrivals.push(...this.#unended(rest));
    return arrivals;
  }

  /**
   * A text without a line feed is a piece of a line, or a whole line of a source that gives lines. A piece
   * that is a whole JSON object is a line, unless it is inside another object.
   */
  #unended(text: string): Arrival[] {
    if (!this.#isWithinObject()) {
      const event = text.trimStart().startsWith('{') || this.#line === 0 ? objectIn(text) : undefined;
      if (event !== undefined) {
        const before = this.#pieces.length === 0 ? [] : this.#endLine('');
        return [...before, ...this.#endLine(text)];
      }
    }
    this.#pieces.push(text);
    return [];
  }

  #isWithinObject(): boolean {
    const [first] = this.#pieces;
    return first?.replace(BYTE_ORDER_MARK, '').trimStart().startsWith('{') === true;
  }

  #endLine(rest: string): Arrival[] {
    const text = [...this.#pieces, rest].join('').replace(/\r$/, '');
    this.#pieces = [];
    this.#line += 1;
    if (text.trim() === '') return [];
    try {
      const value: unknown = JSON.parse(withoutMark(text));
      return [isEvent(value) ? { line: this.#line, event: value } : this.#problem('is no JSON object')];
    } catch {
      return [this.#problem('is not JSON')];
    }
  }

  #problem(problem: string): Arrival {
    return { line: this.#line, problem };
  }
}

function objectIn(text: string): StreamEvent | undefined {
  try {
    const value: unknown = JSON.parse(withoutMark(text));
    return isEvent(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function withoutMark(text: string): string {
  return text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
}
