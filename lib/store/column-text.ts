const ESCAPE = '\u0001';

/** A NUL, or half of a surrogate pair: what databases refuse or cut off. */
const UNSAFE = /\0|\p{Surrogate}/u;

/**
 * A text that every database keeps as it is. Texts that are safe already, nearly all, stay as they
 * are; the others are written as JSON behind a mark. Different texts stay different.
 */
export function encodeText(text: string): string {
  return UNSAFE.test(text) || text.startsWith(ESCAPE) ? ESCAPE + JSON.stringify(text) : text;
}

/** The text that {@link encodeText} was given. */
export function decodeText(encoded: string): string {
  return encoded.startsWith(ESCAPE) ? (JSON.parse(encoded.slice(ESCAPE.length)) as string) : encoded;
}
