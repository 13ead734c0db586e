import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';

/** Keeps the end in sight of an element that scrolls while it grows, unless somebody has scrolled away from it. */
export function useFollow(scroller: RefObject<HTMLElement | null>, size: number, live: boolean): void {
  const atEnd = useRef(live);
  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const scrolled = (): void => {
      atEnd.current = element.scrollTop + element.clientHeight > element.scrollHeight - 40;
    };
    element.addEventListener('scroll', scrolled, { passive: true });
    return () => element.removeEventListener('scroll', scrolled);
  }, [scroller]);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (live && atEnd.current && element) element.scrollTop = element.scrollHeight;
  }, [scroller, size, live]);
}
