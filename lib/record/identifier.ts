/** The most bytes of UTF-8 that an id, a session or a provider may have: an index of a database holds two. */
export const MOST_BYTES = 1000;

/** The most bytes that a unit of a JavaScript text takes in UTF-8. */
const BYTES_A_UNIT = 3;

/** Whether an index of a database can hold the text. */
export function fitsIndex(text: string): boolean {
  return text.length * BYTES_A_UNIT <= MOST_BYTES || Buffer.byteLength(text) <= MOST_BYTES;
}
