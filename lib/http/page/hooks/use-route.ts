import { useEffect, useState } from 'preact/hooks';
import type { Route } from '../model/route';
import { parseRoute, routeHash } from '../model/route';

const CHANGED = 'agent-run-route';

/** The route of the address, which follows the back button too. */
export function useRoute(): Route {
  const [route, setRoute] = useState(() => parseRoute(location.hash));
  const drawn = location.hash;
  useEffect(() => {
    const read = (): void => setRoute(parseRoute(location.hash));
    addEventListener('hashchange', read);
    addEventListener(CHANGED, read);
    // It may have changed since this was rendered.
    if (location.hash !== drawn) read();
    return () => {
      removeEventListener('hashchange', read);
      removeEventListener(CHANGED, read);
    };
  }, []);
  return route;
}

/** Goes to a route, as a click on a link does. */
export function goTo(route: Route): void {
  location.hash = routeHash(route);
  // The browser's own event comes later. Whatever happens until then would start from the old route.
  dispatchEvent(new Event(CHANGED));
}

/** Replaces the route that is shown: the back button skips it. */
export function replaceRoute(route: Route): void {
  history.replaceState(null, '', routeHash(route));
  dispatchEvent(new Event(CHANGED));
}
