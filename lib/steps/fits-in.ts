/** Whether the text has at most so many bytes of UTF-8. */
export function fitsIn(text: string, mostBytes: number): boolean {
  // A character is at most three bytes.
  // Stryker disable next-line ConditionalExpression,EqualityOperator: only faster; most texts are short.
  if (text.length * 3 <= mostBytes) return true;
  return Buffer.byteLength(text) <= mostBytes;
}
