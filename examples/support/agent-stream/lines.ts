/** A line of a stream, with its number from 1. */
export interface Line {
  readonly number: number;
  readonly text: string;
}

const BYTE_ORDER_MARK = '\uFEFF';

/**
 * Splits a text stream into lines, as they come. Only a line feed ends a line (with or without a
 * carriage return before it): `node:readline` also splits at U+2028, which JSON may contain.
 *
 * @param chunks - Text, in pieces of any size; a stream with `setEncoding('utf8')`.
 */
export async function* linesOf(chunks: AsyncIterable<string>): AsyncGenerator<Line> {
  let number = 0;
  // Pieces of a line that has not ended: a line may be many chunks long.
  let pieces: string[] = [];
  const take = (rest: string): Line => {
    const text = [...pieces, rest].join('').replace(/\r$/, '');
    pieces = [];
    number += 1;
    return { number, text: number === 1 && text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text };
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', start)) {
      yield take(chunk.slice(start, end));
      start = end + 1;
    }
    if (start < chunk.length) pieces.push(chunk.slice(start));
  }
  if (pieces.length > 0) yield take('');
}
