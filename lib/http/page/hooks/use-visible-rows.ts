import type { RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';

/** The rows to draw, from `first` on and before `end`. */
export interface VisibleRows {
  readonly first: number;
  readonly end: number;
}

/** So few rows are all drawn. */
const FEW = 120;
const MARGIN = 25;

/** Which of many rows of one height stand in the window, with some more on either side. */
export function useVisibleRows(
  list: RefObject<HTMLElement | null>,
  count: number,
  rowHeight: number,
): VisibleRows {
  const [rows, setRows] = useState<VisibleRows>({ first: 0, end: FEW });
  useEffect(() => {
    if (count <= FEW) return;
    let frame = 0;
    const measure = (): void => {
      frame = 0;
      const top = list.current?.getBoundingClientRect().top ?? 0;
      const first = Math.max(0, Math.floor(-top / rowHeight) - MARGIN);
      const end = first + Math.ceil(innerHeight / rowHeight) + 2 * MARGIN;
      setRows((before) => (before.first === first && before.end === end ? before : { first, end }));
    };
    const soon = (): void => {
      frame ||= requestAnimationFrame(measure);
    };
    measure();
    addEventListener('scroll', soon, { passive: true });
    addEventListener('resize', soon);
    return () => {
      cancelAnimationFrame(frame);
      removeEventListener('scroll', soon);
      removeEventListener('resize', soon);
    };
  }, [list, count, rowHeight]);
  return count <= FEW ? { first: 0, end: count } : { first: rows.first, end: Math.min(count, rows.end) };
}
