/**
 * A language model of the AI SDK, as far as it is used here, by structure: of the specifications v3 (AI SDK
 * 6) and v4 (AI SDK 7). Source: `@ai-sdk/provider` 3.0.19 and 4.0.38, read November 2026.
 */
export interface SdkModel {
  readonly specificationVersion: string;
  readonly provider: string;
  readonly modelId: string;
}

/** What a call of a model is made with. */
export interface SdkCallOptions {
  readonly abortSignal?: AbortSignal | undefined;
}

/** What `doGenerate` gives. */
export interface SdkGenerateResult {
  readonly usage: object;
  readonly providerMetadata?: object | undefined;
  readonly response?: { readonly id?: string | undefined; readonly modelId?: string | undefined } | undefined;
}

/** What `doStream` gives: a web stream of parts. */
export interface SdkStreamResult {
  readonly stream: object;
}

/** A part of a stream. */
export interface SdkStreamPart {
  readonly type: string;
  readonly id?: unknown;
  readonly modelId?: unknown;
  readonly usage?: unknown;
  readonly providerMetadata?: unknown;
}

/** What a middleware is handed for `generate`. */
export interface SdkGenerateCall<Result> {
  readonly doGenerate: () => PromiseLike<Result>;
  readonly params: SdkCallOptions;
  readonly model: SdkModel;
}

/** What a middleware is handed for `stream`. */
export interface SdkStreamCall<Result> {
  readonly doStream: () => PromiseLike<Result>;
  readonly params: SdkCallOptions;
  readonly model: SdkModel;
}
