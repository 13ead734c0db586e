import { HttpError } from './http-error';

const LONGEST_URL = 8192;
const LARGEST_BODY = 1_048_576;

/** Where a browser says that a request comes from, when it is the page itself or its user. */
const OWN_SITES: readonly string[] = ['same-origin', 'none'];

/**
 * Refuses a URL that no client of this API sends.
 *
 * @throws {HttpError}
 */
export function checkUrl({ url }: Request): void {
  if (url.length > LONGEST_URL) {
    throw new HttpError(414, 'uri_too_long', `The URL is longer than ${LONGEST_URL} characters`);
  }
}

/**
 * Refuses a request that a browser sends for a page of another origin: it may carry the user's cookies, or
 * come from inside the user's network. A request that names no origin is not a browser's.
 *
 * @throws {HttpError} 403
 */
export function checkOrigin({ headers, url }: Request): void {
  const site = headers.get('sec-fetch-site');
  const origin = headers.get('origin');
  const isOwn =
    (site === null || OWN_SITES.includes(site)) && (origin === null || isHostOf(origin, headers, url));
  if (!isOwn) throw new HttpError(403, 'forbidden', 'Requests from another origin are refused');
}

/**
 * Reads a body that has to be a JSON object with no members but these.
 *
 * @throws {HttpError} 415 where it is not said to be JSON, 413 where it is too large
 * @throws {RunError} `validation_error`
 */
export async function readBody(request: Request): Promise<unknown> {
  const type = (request.headers.get('content-type') ?? '').split(';', 1)[0] as string;
  if (type.trim().toLowerCase() !== 'application/json') {
    throw new HttpError(415, 'unsupported_media_type', 'Content-Type must be application/json');
  }
  const text = await readText(request);
  if (text === '') return {};
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/**
 * Whether the origin is this host. A proxy may have changed the host; a page cannot set the header that
 * says so.
 */
function isHostOf(origin: string, headers: Headers, url: string): boolean {
  const host = URL.canParse(origin) ? new URL(origin).host : null;
  const forwarded = (headers.get('x-forwarded-host') ?? '').split(',').map((each) => each.trim());
  return (
    host !== null && host !== '' && [new URL(url).host, headers.get('host'), ...forwarded].includes(host)
  );
}

async function readText(request: Request): Promise<string> {
  const tooLarge = new HttpError(413, 'payload_too_large', `The body is larger than ${LARGEST_BODY} bytes`);
  if (Number(request.headers.get('content-length') ?? 0) > LARGEST_BODY) throw tooLarge;
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > LARGEST_BODY) throw tooLarge;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
