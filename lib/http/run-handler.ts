import { Hono } from 'hono';
import { validationError } from '../record/error';
import type { ValidationIssue } from '../record/error';
import { findUnknown } from '../record/options';
import { RunStore } from '../store/store';
import { jsonAnswer } from './answer';
import { checkOrigin, checkUrl } from './guard';
import { describeError, HttpError, isServerFault } from './http-error';
import type { PageSettings } from './page-files';
import { fileAnswer, pageAnswer } from './page-routes';
import type { Route } from './routes';
import { ROUTES } from './routes';

/** Answers requests: what Hono, Next.js, Bun and Deno take, and `toNodeListener` for everything else. */
export type RunHandler = (request: Request) => Promise<Response>;

/** Says whether a request is let in: false is answered with 403, a `Response` is the answer. */
export type Authorize = (request: Request) => boolean | Response | Promise<boolean | Response>;

/** What a handler shows, and to whom. */
export interface RunHandlerOptions {
  /** Whose runs. */
  readonly store: RunStore;
  /** Where the handler is mounted: a path like `/agent-runs`. @default '' */
  readonly basePath?: string | undefined;
  /** Asked before anything else of every request, the page's own files included. */
  readonly authorize: Authorize;
  /** Whether runs can be cancelled and answered. @default true */
  readonly actions?: boolean | undefined;
  /** Is told of what the server could not do. Without it, that becomes a process warning. */
  readonly onError?: ((error: unknown, request: Request) => void) | undefined;
}

interface Settings extends PageSettings {
  readonly store: RunStore;
  readonly authorize: Authorize;
  readonly onError: RunHandlerOptions['onError'];
}

const NAMES: readonly string[] = ['store', 'basePath', 'authorize', 'actions', 'onError'];
const BASE_PATH = /^(?:\/[A-Za-z0-9._~-]+)*$/;

/**
 * Makes a handler that answers requests about the runs of a store: JSON, event streams and a page to look
 * at.
 *
 * @example
 * ```ts
 * const handler = createRunHandler({ store, basePath: '/agent-runs', authorize: (request) => isAdmin(request) });
 * ```
 * @throws {RunError} `validation_error` for options that are missing, bad or unknown.
 */
export function createRunHandler(options: RunHandlerOptions): RunHandler {
  const settings = readOptions(options);
  const app = new Hono();
  for (const route of ROUTES) mount(app, route, settings);
  mountPage(app, settings);
  app.notFound(() => {
    throw new HttpError(404, 'not_found', 'There is nothing here');
  });
  app.onError((error, context) => failure(error, context.req.raw, settings));
  return async (request) => {
    try {
      checkUrl(request);
      const isPost = !['GET', 'HEAD'].includes(request.method);
      if (isPost) checkOrigin(request);
      return (await refusal(request, settings)) ?? (await app.fetch(request));
    } catch (error) {
      return failure(error, request, settings);
    }
  };
}

function mount(app: Hono, { method, path, answer, isAction }: Route, settings: Settings): void {
  const { store, basePath, actions } = settings;
  const whole = `${basePath}${path}`;
  app.on(method, whole, (context) => {
    if (isAction === true && !actions) throw new HttpError(403, 'forbidden', 'This server is read-only');
    return answer({ store, request: context.req.raw, id: context.req.param('id') ?? '' });
  });
  app.all(whole, () => {
    const allow = method === 'GET' ? 'GET, HEAD' : method;
    const { body } = describeError(new HttpError(405, 'method_not_allowed', `Only ${allow} is allowed here`));
    return jsonAnswer(body, 405, { Allow: allow });
  });
}

function mountPage(app: Hono, { basePath, actions }: Settings): void {
  app.get(`${basePath}/`, () => pageAnswer({ basePath, actions }));
  if (basePath !== '') app.get(basePath, () => pageAnswer({ basePath, actions }));
  app.get(`${basePath}/assets/:name`, (context) =>
    fileAnswer(`assets/${context.req.param('name')}`, context.req.raw),
  );
}

async function refusal(request: Request, { authorize }: Settings): Promise<Response | null> {
  const verdict: unknown = await authorize(request);
  if (verdict === true) return null;
  if (verdict instanceof Response) return verdict;
  throw new HttpError(403, 'forbidden', 'This is not allowed');
}

function failure(error: unknown, request: Request, { onError = warn }: Settings): Response {
  const { status, body } = describeError(error);
  if (isServerFault(error)) onError(error, request);
  return jsonAnswer(body, status);
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error));
}

function readOptions(options: RunHandlerOptions): Settings {
  const { store, basePath = '', authorize, actions = true, onError } = options;
  const issues: ValidationIssue[] = [];
  findUnknown(options, NAMES, issues);
  if (!(store instanceof RunStore)) issues.push({ path: 'store', message: 'must be a RunStore' });
  if (typeof authorize !== 'function') issues.push({ path: 'authorize', message: 'must be a function' });
  if (typeof actions !== 'boolean') issues.push({ path: 'actions', message: 'must be true or false' });
  if (typeof basePath !== 'string' || !BASE_PATH.test(basePath)) {
    issues.push({
      path: 'basePath',
      message: "must be '' or a path like /agent-runs, without a slash behind",
    });
  }
  if (issues.length > 0) throw validationError('handler options', issues);
  return { store, basePath, authorize, actions, onError };
}
