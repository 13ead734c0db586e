/**
 * The characters at the start of a cell that make a spreadsheet take it for a formula.
 * https://owasp.org/www-community/attacks/CSV_Injection, November 2026.
 */
const FORMULA = /^[=+\-@\t\r]/;

/** What a cell may hold. */
export type CsvValue = string | number | boolean | null | undefined;

/**
 * A line of CSV as in RFC 4180, without its end. A text that a spreadsheet would take for a formula gets an
 * apostrophe in front.
 */
export function csvLine(values: readonly CsvValue[]): string {
  return values.map(csvCell).join(',');
}

function csvCell(value: CsvValue): string {
  if (value === null || value === undefined) return '';
  if (typeof value !== 'string') return String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
