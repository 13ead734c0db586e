/**
 * The most bytes of UTF-8 that an id, a session or a provider may have: an entry of a database's index has
 * room for two.
 */
export const MOST_BYTES = 1000;

/** The most bytes of UTF-8 for one UTF-16 unit of a JavaScript string. */
const BYTES_A_UNIT = 3;

/** Whether an index of a database can hold the text. */
export function fitsIndex(text: string): boolean {
  return text.length * BYTES_A_UNIT <= MOST_BYTES || Buffer.byteLength(text) <= MOST_BYTES;
}
