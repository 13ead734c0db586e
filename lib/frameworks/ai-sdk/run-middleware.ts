import type { ReadableStream } from 'node:stream/web';
import { RunError } from '../../record/error';
import { refuseUnknown } from '../../record/options';
import type { AnyRun } from '../../run';
import type { ModelCall } from '../model-call';
import type { FrameworkOptions } from '../options';
import { FRAMEWORK_OPTIONS } from '../options';
import { RunLink } from '../run-link';
import { CountedStream } from './counted-stream';
import type {
  SdkGenerateCall,
  SdkGenerateResult,
  SdkModel,
  SdkStreamCall,
  SdkStreamPart,
  SdkStreamResult,
} from './shapes';

/** A language model middleware of AI SDK 6; AI SDK 7 takes it too. */
export interface RunMiddleware {
  /** The version of the middleware's interface. */
  readonly specificationVersion: 'v3';
  /** Looks at the model that is wrapped, and returns its provider unchanged. */
  readonly overrideProvider: (options: { readonly model: SdkModel }) => string;
  /** Counts a call that is answered at once. */
  readonly wrapGenerate: <Result extends SdkGenerateResult>(call: SdkGenerateCall<Result>) => Promise<Result>;
  /** Counts a call that is answered as a stream. */
  readonly wrapStream: <Result extends SdkStreamResult>(call: SdkStreamCall<Result>) => Promise<Result>;
}

/**
 * Makes a language model middleware that counts each call of a model for the current run: before the call
 * it checks the limits and counts a turn, after it usage and cost, for `generate` and for `stream`. A call
 * that is aborted before its usage is known is one request without a price. Outside a run it does nothing.
 *
 * Usage is counted under the response's id: `meter.record(step, { requestId: step.response.id })` in
 * `onStepFinish` adds nothing to it. Do not record `result.usage` or `result.totalUsage` beside it.
 *
 * @throws {RunError} `validation_error` for options that are not known. In a call: `limit_exceeded`, and how
 * the run ended where it has been cancelled, has timed out or failed.
 *
 * @example
 * ```ts
 * const model = wrapLanguageModel({ model: openai('gpt-5'), middleware: runMiddleware({ provider: 'openai' }) });
 * await run.execute(({ signal }) => generateText({ model, prompt, abortSignal: signal }).then(({ text }) => ({ text })));
 * ```
 */
export function runMiddleware(options: FrameworkOptions = {}): RunMiddleware {
  refuseUnknown(options, FRAMEWORK_OPTIONS, 'options of runMiddleware');
  const link = new RunLink(options);
  return {
    specificationVersion: 'v3',
    // Called when a model is wrapped, before anything else of a middleware.
    overrideProvider: ({ model }) => {
      refuseOldModel(model);
      return model.provider;
    },
    wrapGenerate: async (call) => {
      refuseOldModel(call.model);
      const { run } = link;
      return run === undefined ? call.doGenerate() : generate(link, run, call);
    },
    wrapStream: async (call) => {
      refuseOldModel(call.model);
      const { run } = link;
      return run === undefined ? call.doStream() : stream(link, run, call);
    },
  };
}

async function generate<Result extends SdkGenerateResult>(
  link: RunLink,
  run: AnyRun,
  { doGenerate, params, model }: SdkGenerateCall<Result>,
): Promise<Result> {
  const call = link.beginCall(run, model.modelId).until(params.abortSignal);
  const result = await call.whileAsked(doGenerate);
  const { usage, providerMetadata, response } = result;
  call.used({ usage, providerMetadata }, { model: response?.modelId, responseId: response?.id });
  return result;
}

async function stream<Result extends SdkStreamResult>(
  link: RunLink,
  run: AnyRun,
  { doStream, params, model }: SdkStreamCall<Result>,
): Promise<Result> {
  const call = beginStream(link, run, model).until(params.abortSignal);
  const result = await call.whileAsked(doStream);
  const source = result.stream as ReadableStream<SdkStreamPart>;
  return { ...result, stream: new CountedStream(source, call).stream };
}

/**
 * `streamText` swallows what is thrown here: it calls `onError`, and ends the text as if it were whole. So
 * that a limit does not look like an answer, the run ends with it.
 */
function beginStream(link: RunLink, run: AnyRun, { modelId }: SdkModel): ModelCall {
  try {
    return link.beginCall(run, modelId);
  } catch (error) {
    link.safely(() => (run.isTerminal ? run : run.setError(error as RunError)));
    throw error;
  }
}

function refuseOldModel({ specificationVersion }: SdkModel): void {
  if (specificationVersion !== 'v1' && specificationVersion !== 'v2') return;
  throw new RunError(
    'validation_error',
    `runMiddleware is for AI SDK 6 and 7: this language model is of specification "${specificationVersion}", ` +
      'as in AI SDK 5 and before, whose middleware has another shape',
    { details: { issues: [{ path: 'model.specificationVersion', message: 'must be "v3" or "v4"' }] } },
  );
}
