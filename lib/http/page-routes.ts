import { acceptsGzip } from './accept';
import { NO_STORE, SECURITY_HEADERS } from './answer';
import { HttpError } from './http-error';
import type { PageSettings } from './page-files';
import { pageDocument, pageFileAt } from './page-files';

/** The names of the page's files have a hash of what is in them. */
const FOR_EVER = 'public, max-age=31536000, immutable';

/** The document of the page. It is small, and says nothing of any run. */
export function pageAnswer(settings: PageSettings): Response {
  return new Response(pageDocument(settings), {
    headers: {
      ...SECURITY_HEADERS,
      'Cache-Control': NO_STORE,
      'Content-Type': 'text/html; charset=utf-8',
    },
  });
}

/**
 * A file of the page.
 *
 * @throws {HttpError} 404 for what is none
 */
export function fileAnswer(path: string, request: Request): Response {
  const file = pageFileAt(path);
  if (file === undefined) throw new HttpError(404, 'not_found', 'There is nothing here');
  const isGzipped = acceptsGzip(request);
  return new Response(isGzipped ? file.gzipped : file.bytes, {
    headers: {
      ...SECURITY_HEADERS,
      'Cache-Control': FOR_EVER,
      'Content-Type': file.contentType,
      Vary: 'Accept-Encoding',
      ...(isGzipped ? { 'Content-Encoding': 'gzip' } : {}),
    },
  });
}
