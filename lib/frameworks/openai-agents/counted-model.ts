import { isObject, memberOf } from '../../usage/member';
import type { ModelCall } from '../model-call';
import type { Recording } from './current-recording';
import { currentRecording, recordWith } from './current-recording';
import type { SdkModel, SdkRequest, SdkResponse, SdkStreamEvent } from './shapes';

type GetResponse = SdkModel['getResponse'];
type GetStreamedResponse = SdkModel['getStreamedResponse'];

/**
 * Methods of a model that call its own and count. Where counted models call one another, only the outermost
 * counts.
 */
export function countedMethods(model: SdkModel, name: string | null): SdkModel {
  const getResponse: GetResponse = model.getResponse.bind(model);
  const getStreamedResponse: GetStreamedResponse = model.getStreamedResponse.bind(model);
  return {
    getResponse: async (request) => {
      const recording = currentRecording();
      if (recording === undefined || recording.isAsking === true) return getResponse(request);
      return asked(recording, name, request, getResponse);
    },
    getStreamedResponse: (request) => {
      const recording = currentRecording();
      if (recording === undefined || recording.isAsking === true) return getStreamedResponse(request);
      return streamed(recording, name, request, getStreamedResponse);
    },
  };
}

async function asked(
  recording: Recording,
  name: string | null,
  request: SdkRequest,
  ask: GetResponse,
): Promise<SdkResponse> {
  const call = begin(recording, request, name);
  const response = await call.whileAsked(() => whileAsking(recording, () => ask(request)));
  count(call, response.usage, response.responseId, response.providerData);
  return response;
}

async function* streamed(
  recording: Recording,
  name: string | null,
  request: SdkRequest,
  ask: GetStreamedResponse,
): AsyncGenerator<SdkStreamEvent> {
  const call = begin(recording, request, name);
  const events = whileAsking(recording, () => ask(request)[Symbol.asyncIterator]());
  let hasBegun = false;
  try {
    for (;;) {
      const next = await call.whileAsked(() => whileAsking(recording, () => events.next()));
      if (next.done === true) return;
      hasBegun = true;
      const { type, response = {} } = next.value;
      if (type === 'response_done') count(call, response.usage, response.id, response.providerData);
      yield next.value;
    }
  } finally {
    // A stream that breaks, or that nobody reads on, has used something; a call that is refused has not.
    if (hasBegun) call.lost();
    await events.return?.();
  }
}

function begin({ link, run }: Recording, request: SdkRequest, name: string | null): ModelCall {
  return link.beginCall(run, name).until(request.signal);
}

function whileAsking<Result>(recording: Recording, fn: () => Result): Result {
  return recordWith({ ...recording, isAsking: true }, fn);
}

function count(call: ModelCall, usage: unknown, id: unknown, providerData: object | undefined): void {
  const isKnown = isObject(usage) && ['inputTokens', 'outputTokens'].some((name) => hasCount(usage, name));
  if (!isKnown) {
    call.lost();
    return;
  }
  const said = providerData ?? {};
  // A copy: the SDK goes on adding to the object.
  const payload = { usage: plain(usage), service_tier: memberOf(said, 'service_tier') };
  const model = memberOf(said, 'model');
  call.used(payload, { format: 'openai-agents', scope: 'request', model, responseId: id });
}

/** Whether the usage has a count. Where a provider reports nothing, the SDK has zeros. */
function hasCount(usage: object, name: string): boolean {
  return Number(memberOf(usage, name)) > 0;
}

function plain(usage: object): object {
  const { requests, inputTokens, outputTokens, totalTokens, inputTokensDetails, outputTokensDetails } =
    usage as Record<string, unknown>;
  return { requests, inputTokens, outputTokens, totalTokens, inputTokensDetails, outputTokensDetails };
}
