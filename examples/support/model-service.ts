import OpenAI from 'openai';
import type { UsageMeterOptions } from 'agent-run/usage';
import { SCRIPTED_MODEL, SCRIPTED_PRICE, startScriptedModel } from './scripted-model';

/** Where the agent's model answers. */
export interface ModelService {
  readonly client: OpenAI;
  readonly model: string;
  /** Who is asked, for a record: `openai`, `openai-compatible`, `scripted`. */
  readonly provider: string;
  /** What its requests are priced by. */
  readonly pricing: UsageMeterOptions;
  /** For a person, without any credentials. */
  readonly description: string;
  close(): void;
}

export const DEFAULT_MODEL = 'gpt-5-mini';

/** The service that the environment names; without a key, a scripted model on loopback. */
export async function openService(environment: NodeJS.ProcessEnv): Promise<ModelService> {
  const { OPENAI_API_KEY: apiKey, OPENAI_BASE_URL: baseUrl, OPENAI_MODEL: model } = environment;
  if (isBlank(apiKey)) {
    return openScripted(isBlank(baseUrl) ? 'no OPENAI_API_KEY' : 'OPENAI_BASE_URL, but no OPENAI_API_KEY');
  }
  const client = new OpenAI({ apiKey });
  const name = isBlank(model) ? DEFAULT_MODEL : model;
  return {
    client,
    model: name,
    provider: isBlank(baseUrl) ? 'openai' : 'openai-compatible',
    pricing: { model: name, provider: isBlank(baseUrl) ? 'openai' : null },
    description: `${name} at ${shownUrl(client)}`,
    close: () => undefined,
  };
}

async function openScripted(why: string): Promise<ModelService> {
  const scripted = await startScriptedModel();
  const client = new OpenAI({ apiKey: 'none', baseURL: scripted.baseUrl });
  return {
    client,
    model: SCRIPTED_MODEL,
    provider: 'scripted',
    pricing: { model: SCRIPTED_MODEL, prices: { [SCRIPTED_MODEL]: SCRIPTED_PRICE } },
    description: `${SCRIPTED_MODEL} at ${scripted.baseUrl} (${why}: a scripted model answers, at a made-up price)`,
    close: scripted.close,
  };
}

/** What went wrong with a request, in words that say what to do about it. */
export function explained(error: unknown, { client, model }: ModelService): unknown {
  const message = explanation(error, shownUrl(client), model);
  return message === null ? error : new Error(message, { cause: error });
}

function explanation(error: unknown, url: string, model: string): string | null {
  if (!URL.canParse(url)) return `OPENAI_BASE_URL is no URL: ${url}`;
  if (error instanceof OpenAI.APIUserAbortError) return null;
  if (error instanceof OpenAI.APIConnectionError) return `${url} cannot be reached: ${rootMessage(error)}`;
  if (!(error instanceof OpenAI.APIError)) return null;
  const answer = `it answered ${error.message}`;
  if (error instanceof OpenAI.AuthenticationError) return `${url} refused OPENAI_API_KEY: ${answer}`;
  if (error instanceof OpenAI.NotFoundError) {
    return `${url} does not know the model "${model}" (OPENAI_MODEL) or is no such service (OPENAI_BASE_URL): ${answer}`;
  }
  if (error instanceof OpenAI.RateLimitError) return `${url} allows no more requests now: ${answer}`;
  return `${url} could not answer: ${answer}`;
}

/** The message of what lies deepest: "fetch failed" says nothing, `ECONNREFUSED` does. */
function rootMessage(error: Error): string {
  let root = error;
  while (root.cause instanceof Error) root = root.cause;
  const { code } = root as NodeJS.ErrnoException;
  return root.message === '' ? (code ?? root.name) : root.message;
}

function shownUrl({ baseURL }: OpenAI): string {
  if (!URL.canParse(baseURL)) return baseURL;
  const { origin, pathname } = new URL(baseURL);
  return origin + pathname;
}

function isBlank(value: string | undefined): value is undefined | '' {
  return value === undefined || value.trim() === '';
}
