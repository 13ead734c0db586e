import { encodePart } from '../model/route';

const { base, actions } = document.documentElement.dataset;

/** Where the handler is mounted. */
export const BASE_PATH = base ?? '';

/** Whether this server lets runs be cancelled and answered. */
export const ACTIONS = actions !== 'false';

/** The address of a route, with a query of pairs. */
export function apiUrl(path: string, query: readonly (readonly [string, string])[] = []): string {
  const search = new URLSearchParams(query.map(([key, value]) => [key, value])).toString();
  return `${BASE_PATH}/api/${path}${search === '' ? '' : `?${search}`}`;
}

/** The address of a route of a run. */
export function runUrl(id: string, rest = ''): string {
  return apiUrl(`runs/${encodePart(id)}${rest}`);
}
