/**
 * Characters that a terminal would act on, or that would change the order of a text: control characters,
 * marks of direction, and invisible ones.
 */
const ACTING = /[\p{Cc}\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\p{Surrogate}]/gu;

/** Those of them that JSON does not escape anyway. */
const ACTING_IN_JSON = /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** Letters that take two columns. From Unicode's East Asian Width (W and F), in blocks; and pictures. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

/** Marks that stand over the letter before. */
const COMBINING = /\p{Mn}|\p{Me}/u;

/** A text on one line that does nothing to a terminal. */
export function plainText(text: string): string {
  return text.replace(ACTING, (character) => escaped(character));
}

/** JSON as JSON has it, without letters that a terminal acts on. */
export function plainJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(ACTING_IN_JSON, unicodeEscape);
}

/** How many columns a plain text takes. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += COMBINING.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return columns;
}

/** The text, cut to a number of columns, with a mark where something is left out. */
export function cutText(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  let kept = '';
  for (const character of text) {
    if (columnsOf(kept + character) > columns - 1) break;
    kept += character;
  }
  return `${kept}…`;
}

function escaped(character: string): string {
  if (character === '\n') return '⏎';
  if (character === '\t') return ' ';
  return unicodeEscape(character);
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
