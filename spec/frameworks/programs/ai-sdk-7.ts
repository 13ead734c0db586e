/** Drives AI SDK 7, which is of ES modules and wants Node 22, and prints what runs have counted, as JSON. */
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { Run } from 'agent-run';
import { runMiddleware, runTools } from 'agent-run/ai-sdk';

const USAGE = {
  inputTokens: { total: 1000, noCache: 200, cacheRead: 800, cacheWrite: undefined },
  outputTokens: { total: 100, text: 60, reasoning: 40 },
};

async function main(): Promise<void> {
  const { generateText, simulateReadableStream, stepCountIs, streamText, tool, wrapLanguageModel } =
    await import('ai-7');
  const { MockLanguageModelV4 } = await import('ai-7/test');
  const middleware = runMiddleware({ provider: 'openai' });

  const stop = { unified: 'stop' as const, raw: 'stop' };
  const response = { modelId: 'gpt-5' };
  const finish = { type: 'finish' as const, finishReason: stop, usage: USAGE };
  const text = [
    { type: 'stream-start' as const, warnings: [] },
    { type: 'text-start' as const, id: '1' },
    { type: 'text-delta' as const, id: '1', delta: 'Hello' },
    { type: 'text-end' as const, id: '1' },
  ];
  const steps: object[] = [];

  async function counted(
    fn: (run: Run, signal: AbortSignal) => Promise<unknown>,
    options: Parameters<Run['execute']>[1] = {},
  ): Promise<object> {
    const run = new Run({ sessionId: 's' });
    run.on('stepEnded', ({ step: { name, status } }) => steps.push({ name, status }));
    const code = await run
      .execute(({ signal }) => fn(run, signal).then(() => null), options)
      .then(
        () => null,
        (error: unknown) => (error as { readonly code?: unknown }).code ?? String(error),
      );
    return { status: run.status, code, turns: run.turnCount, costUsd: run.costUsd, ...run.tokenUsage };
  }

  function calling(): ReturnType<typeof wrapLanguageModel> {
    let calls = 0;
    const model = new MockLanguageModelV4({
      modelId: 'gpt-5',
      doGenerate: () => {
        calls += 1;
        return Promise.resolve({
          content:
            calls === 1
              ? [{ type: 'tool-call', toolCallId: '1', toolName: 'weather', input: '{"city":"Oslo"}' }]
              : [{ type: 'text', text: 'Snow' }],
          finishReason: calls === 1 ? { unified: 'tool-calls', raw: undefined } : stop,
          usage: USAGE,
          warnings: [],
          response,
        });
      },
    });
    return wrapLanguageModel({ model, middleware });
  }

  const weather = tool({
    inputSchema: z.object({ city: z.string() }),
    execute: ({ city }) => Promise.resolve(`Snow in ${city}`),
  });
  const ask = (signal: AbortSignal): Promise<unknown> =>
    generateText({
      model: calling(),
      tools: runTools({ weather }),
      stopWhen: stepCountIs(5),
      prompt: 'Hi',
      abortSignal: signal,
    });

  const streamed = wrapLanguageModel({
    model: new MockLanguageModelV4({
      modelId: 'gpt-5',
      doStream: () => Promise.resolve({ stream: simulateReadableStream({ chunks: [...text, finish] }) }),
    }),
    middleware,
  });
  const stuck = wrapLanguageModel({
    model: new MockLanguageModelV4({
      modelId: 'gpt-5',
      doStream: ({ abortSignal }) =>
        Promise.resolve({
          stream: new ReadableStream({
            start(controller) {
              for (const part of text) controller.enqueue(part);
              abortSignal?.addEventListener('abort', () => controller.error(abortSignal.reason));
            },
          }),
        }),
    }),
    middleware,
  });
  const read = async (model: typeof streamed, signal: AbortSignal): Promise<void> => {
    const { textStream } = streamText({ model, prompt: 'Hi', abortSignal: signal });
    for await (const piece of textStream) if (piece === '') await pause(0);
  };

  console.log(
    JSON.stringify({
      generate: await counted((_run, signal) => ask(signal)),
      steps,
      stream: await counted((_run, signal) => read(streamed, signal)),
      timeout: await counted((_run, signal) => read(stuck, signal), { timeoutMs: 50 }),
      cancelled: await counted((run, signal) => {
        setTimeout(() => run.cancel('Enough'), 20);
        return read(stuck, signal);
      }),
      limit: await counted((_run, signal) => ask(signal), { limits: { maxTurns: 1 } }),
    }),
  );
}

void main();
