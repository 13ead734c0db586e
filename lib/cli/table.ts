import type { styleText } from 'node:util';
import { columnsOf, cutText } from './plain-text';

/** A colour, as Node names it. */
export type Style = Parameters<typeof styleText>[0];

/** A column of a table. */
export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  readonly style?: (row: Row) => Style | undefined;
  /** Numbers stand to the right. */
  readonly isNumber?: true;
  /** Where the terminal is narrow, the columns with the highest rank are left out first; rank 0 never is. */
  readonly rank: number;
  /** Whether its texts may be cut. */
  readonly canShrink?: true;
}

interface Laid<Row> {
  readonly column: Column<Row>;
  readonly width: number;
}

const GAP = '  ';
const NARROWEST = 8;

/**
 * The lines of a table that fits the width, the heading first.
 *
 * @param styled - Gives a text its colour, where there are colours.
 */
export function tableLines<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  { width, styled }: { readonly width: number; readonly styled: (style: Style, text: string) => string },
): string[] {
  const laid = layOut(columns, rows, width);
  const heading = laid.map(({ column, width: wide }) => padded(column.title, wide, column)).join(GAP);
  return [
    styled('dim', heading.trimEnd()),
    ...rows.map((row) =>
      laid
        .map(({ column, width: wide }, index) => {
          const isLast = index === laid.length - 1;
          const text = padded(
            cutText(column.cell(row), wide),
            isLast && column.isNumber !== true ? 0 : wide,
            column,
          );
          const style = column.style?.(row);
          return style === undefined ? text : styled(style, text);
        })
        .join(GAP)
        .trimEnd(),
    ),
  ];
}

function layOut<Row>(columns: readonly Column<Row>[], rows: readonly Row[], width: number): Laid<Row>[] {
  let laid = columns.map((column) => ({ column, width: natural(column, rows) }));
  for (;;) {
    const excess = totalOf(laid) - width;
    if (excess <= 0) return laid;
    const last = Math.max(...laid.map(({ column }) => column.rank));
    const room = laid.reduce((sum, each) => sum + shrinkable(each), 0);
    if (room >= excess || last === 0) return shrunk(laid, excess);
    laid = laid.filter(({ column }) => column.rank < last);
  }
}

/** Narrows the columns by so much, the widest first. */
function shrunk<Row>(laid: readonly Laid<Row>[], excess: number): Laid<Row>[] {
  const result = laid.map((each) => ({ ...each }));
  for (let left = excess; left > 0; left--) {
    const [widest] = result
      .filter((each) => shrinkable(each) > 0)
      .sort((one, other) => other.width - one.width);
    if (widest === undefined) break;
    widest.width -= 1;
  }
  return result;
}

function shrinkable<Row>({ column, width }: Laid<Row>): number {
  return column.canShrink === true ? Math.max(0, width - NARROWEST) : 0;
}

function natural<Row>({ title, cell }: Column<Row>, rows: readonly Row[]): number {
  return rows.reduce((widest, row) => Math.max(widest, columnsOf(cell(row))), title.length);
}

function totalOf(laid: readonly { readonly width: number }[]): number {
  return laid.reduce((sum, { width }) => sum + width, 0) + GAP.length * (laid.length - 1);
}

function padded(text: string, width: number, { isNumber }: { readonly isNumber?: true }): string {
  const space = ' '.repeat(Math.max(0, width - columnsOf(text)));
  return isNumber === true ? space + text : text + space;
}
