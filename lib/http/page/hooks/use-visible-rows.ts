import type { RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';

/** The rows to draw, from `first` on and before `end`. */
export interface VisibleRows {
  readonly first: number;
  readonly end: number;
}

/** Up to so many rows are all rendered. */
const FEW = 120;
const MARGIN = 25;

/** Which of many rows of equal height are in sight of the scrolling element, and some more on either side. */
export function useVisibleRows(
  scroller: RefObject<HTMLElement | null>,
  count: number,
  rowHeight: number,
): VisibleRows {
  const [rows, setRows] = useState<VisibleRows>({ first: 0, end: FEW });
  const many = count > FEW;
  useEffect(() => {
    const element = scroller.current;
    if (!many || !element) return;
    const measure = (): void => {
      const first = Math.max(0, Math.floor(element.scrollTop / rowHeight) - MARGIN);
      const end = first + Math.ceil(element.clientHeight / rowHeight) + 2 * MARGIN;
      setRows((before) => (before.first === first && before.end === end ? before : { first, end }));
    };
    const resized = new ResizeObserver(measure);
    resized.observe(element);
    element.addEventListener('scroll', measure, { passive: true });
    return () => {
      resized.disconnect();
      element.removeEventListener('scroll', measure);
    };
  }, [scroller, many, rowHeight]);
  return many ? { first: rows.first, end: Math.min(count, rows.end) } : { first: 0, end: count };
}
