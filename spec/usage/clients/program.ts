/** Asks a client's model, records what it gives on a meter, and prints what was counted: `program.ts CLIENT URL`. */
import { GoogleGenAI } from '@google/genai';
import { Run } from 'agent-run';
import { UsageMeter } from 'agent-run/usage';
import { generateText, simulateReadableStream, stepCountIs, streamText, tool, wrapLanguageModel } from 'ai';
import { MockLanguageModelV3 } from 'ai/test';
import { z } from 'zod';

const run = new Run({ sessionId: 'session-1' });
const meter = new UsageMeter(run);
const [, , client = '', url = ''] = process.argv;

const usage = {
  inputTokens: { total: 1000, noCache: 400, cacheRead: 600, cacheWrite: undefined },
  outputTokens: { total: 50, text: 30, reasoning: 20 },
};
const ended = { unified: 'stop' as const, raw: 'stop' };
const called = { unified: 'tool-calls' as const, raw: 'tool_calls' };
const call = { type: 'tool-call' as const, toolCallId: 'call-1', toolName: 'weather', input: '{}' };
const text = { type: 'text' as const, text: 'Hello' };

/** A model that calls a tool and then answers, whatever the version of the SDK. */
function modelOf(modelClass: typeof MockLanguageModelV3): MockLanguageModelV3 {
  let asked = 0;
  const parts = (): object[] => {
    asked += 1;
    const said =
      asked % 2 === 1
        ? [call]
        : [
            { type: 'text-start', id: '0' },
            { type: 'text-delta', id: '0', delta: 'Hello' },
            { type: 'text-end', id: '0' },
          ];
    const finishReason = asked % 2 === 1 ? called : ended;
    return [
      { type: 'stream-start', warnings: [] },
      { type: 'response-metadata', modelId: 'gpt-5' },
      ...said,
      { type: 'finish', finishReason, usage },
    ];
  };
  return new modelClass({
    modelId: 'gpt-5',
    doGenerate: () => {
      asked += 1;
      const isCall = asked % 2 === 1;
      return Promise.resolve({
        content: [isCall ? call : text],
        finishReason: isCall ? called : ended,
        usage,
        warnings: [],
      });
    },
    doStream: () => Promise.resolve({ stream: simulateReadableStream({ chunks: parts() }) as never }),
  });
}

/** What of the SDK is used, the same in versions 6 and 7. */
interface Sdk {
  readonly generateText: typeof generateText;
  readonly streamText: typeof streamText;
  readonly stepCountIs: typeof stepCountIs;
  readonly tool: typeof tool;
  readonly wrapLanguageModel: typeof wrapLanguageModel;
}

async function askAiSdk(sdk: Sdk, modelClass: typeof MockLanguageModelV3, how: string): Promise<void> {
  const weather = sdk.tool({
    description: 'The weather',
    inputSchema: z.object({}),
    execute: () => Promise.resolve('snow'),
  });
  const common = { tools: { weather }, stopWhen: sdk.stepCountIs(3), prompt: 'Hi' };
  if (how === 'stream') {
    const result = sdk.streamText({ ...common, model: modelOf(modelClass) });
    for await (const part of result.fullStream) if (part.type !== 'finish') meter.record(part);
  } else if (how === 'model') {
    const counting = {
      specificationVersion: 'v3' as const,
      wrapGenerate: async ({ doGenerate }: { doGenerate: () => PromiseLike<object> }) => {
        const result = await doGenerate();
        meter.record(result);
        return result as never;
      },
    };
    const model = sdk.wrapLanguageModel({ model: modelOf(modelClass), middleware: counting });
    await sdk.generateText({ ...common, model });
  } else {
    meter.record(await sdk.generateText({ ...common, model: modelOf(modelClass) }));
  }
}

async function main(): Promise<void> {
  const [name = '', version = '', how = ''] = client.split('-');
  if (name === 'gemini') {
    const { models } = new GoogleGenAI({ apiKey: 'none', httpOptions: { baseUrl: url } });
    const request = { model: 'gemini-2.5-pro', contents: 'Hi' };
    if (version === '') meter.record(await models.generateContent(request));
    else for await (const chunk of await models.generateContentStream(request)) meter.record(chunk);
  } else if (version === '6') {
    await askAiSdk(
      { generateText, streamText, stepCountIs, tool, wrapLanguageModel },
      MockLanguageModelV3,
      how,
    );
  } else {
    const sdk = (await import('ai-7')) as unknown as Sdk;
    const { MockLanguageModelV4 } = (await import('ai-7/test')) as unknown as {
      MockLanguageModelV4: typeof MockLanguageModelV3;
    };
    await askAiSdk(sdk, MockLanguageModelV4, how);
  }
  const { token_usage, cost_usd } = run.toJSON();
  console.log(JSON.stringify({ token_usage, cost_usd }));
}

void main();
