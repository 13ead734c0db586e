/**
 * The parts of the OpenAI Agents SDK that are used here, by structure. Source: `@openai/agents-core`
 * 0.20.0, read November 2026.
 */
export interface SdkRunner {
  readonly config: object;
  readonly run: (...parameters: never[]) => unknown;
}

/** A runner, with the members that are replaced and listened to. */
export interface OpenRunner {
  readonly config: { modelProvider: SdkModelProvider; readonly model?: unknown };
  on(event: string, listener: Listener): unknown;
  off(event: string, listener: Listener): unknown;
}

/** Any listener of a runner. */
export type Listener = (...parameters: unknown[]) => void;

/** `run(agent, input, options)` of a runner. */
export type RunMethod = (this: OpenRunner, ...parameters: unknown[]) => Promise<unknown>;

/** Who gives a model for its name. */
export interface SdkModelProvider {
  getModel(name?: string): SdkModel | Promise<SdkModel>;
}

/** A model. */
export interface SdkModel {
  getResponse(request: SdkRequest): Promise<SdkResponse>;
  getStreamedResponse(request: SdkRequest): AsyncIterable<SdkStreamEvent>;
}

/** What a model is asked with. */
export interface SdkRequest {
  readonly signal?: AbortSignal | undefined;
}

/** What a model answers. */
export interface SdkResponse {
  readonly usage?: object | undefined;
  readonly responseId?: unknown;
  readonly providerData?: object | undefined;
}

/** An event of a model's stream; the last one has the whole response. */
export interface SdkStreamEvent {
  readonly type: string;
  readonly response?:
    | {
        readonly id?: unknown;
        readonly usage?: object | undefined;
        readonly providerData?: object | undefined;
      }
    | undefined;
}

/** Whether it can be asked as a model. */
export function isModel(value: unknown): value is SdkModel {
  if (typeof value !== 'object' || value === null) return false;
  const { getResponse, getStreamedResponse } = value as Partial<Record<keyof SdkModel, unknown>>;
  return typeof getResponse === 'function' && typeof getStreamedResponse === 'function';
}
