import { RunError } from '../record/error';
import { httpStatusOf } from '../record/http-status';

/** What an answer with an error says. */
export interface ErrorBody {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly details: Readonly<Record<string, unknown>>;
  };
}

/** An error in a request that is found before any store is asked, with the HTTP status of the answer. */
export class HttpError extends Error {
  override readonly name = 'HttpError';

  constructor(
    readonly status: 403 | 404 | 405 | 413 | 414 | 415,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** Whether the server is at fault and not the request: whoever runs it has to hear of the error. */
export function isServerFault(error: unknown): boolean {
  return statusOf(error) >= 500;
}

/**
 * The status and body that tell a client of an error. A driver's message is left out: it may name hosts,
 * users, paths.
 */
export function describeError(error: unknown): { readonly status: number; readonly body: ErrorBody } {
  const status = statusOf(error);
  if (error instanceof HttpError) {
    return { status, body: { error: { code: error.code, message: error.message, details: {} } } };
  }
  if (!(error instanceof RunError)) return { status, body: bodyOf('internal_error', 'The server failed') };
  if (error.code === 'storage_error') return { status, body: bodyOf(error.code, storageMessage(error)) };
  return { status, body: { error: { code: error.code, message: error.message, details: error.details } } };
}

function statusOf(error: unknown): number {
  return error instanceof HttpError ? error.status : httpStatusOf(error);
}

function bodyOf(code: string, message: string): ErrorBody {
  return { error: { code, message, details: {} } };
}

function storageMessage({ retryable }: RunError): string {
  return retryable ? 'The store does not answer now: try again' : 'The store failed';
}
