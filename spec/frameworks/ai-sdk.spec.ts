import { setTimeout as pause } from 'node:timers/promises';
import { generateText, simulateReadableStream, stepCountIs, streamText, tool, wrapLanguageModel } from 'ai';
import { MockLanguageModelV3 } from 'ai/test';
import { z } from 'zod';
import { Run, RunError } from 'agent-run';
import { runMiddleware, runTools } from 'agent-run/ai-sdk';
import { UsageMeter } from 'agent-run/usage';
import { recordedEvents } from './recorded-events';

type Part =
  Awaited<ReturnType<MockLanguageModelV3['doStream']>>['stream'] extends ReadableStream<infer Item>
    ? Item
    : never;
type Generated = Awaited<ReturnType<MockLanguageModelV3['doGenerate']>>;

const USAGE = {
  inputTokens: { total: 1000, noCache: 200, cacheRead: 800, cacheWrite: undefined },
  outputTokens: { total: 100, text: 60, reasoning: 40 },
};

const UNKNOWN = {
  inputTokens: { total: undefined, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: undefined, text: undefined, reasoning: undefined },
};

/** 200 x 1.25 + 800 x 0.125 + 100 x 10 dollars per million. */
const PRICE = 0.00135;

const COUNTED = {
  requests: 1,
  input_tokens: 1000,
  output_tokens: 100,
  cache_read_tokens: 800,
  reasoning_tokens: 40,
  total_tokens: 1100,
};

function answer(text: string, id?: string): Generated {
  return {
    content: [{ type: 'text', text }],
    finishReason: { unified: 'stop', raw: 'stop' },
    usage: USAGE,
    warnings: [],
    response: { modelId: 'gpt-5', ...(id === undefined ? {} : { id }) },
  };
}

function call(toolName: string, input: object, id = `call-${toolName}`): Generated {
  return {
    ...answer(''),
    content: [{ type: 'tool-call', toolCallId: id, toolName, input: JSON.stringify(input) }],
    finishReason: { unified: 'tool-calls', raw: 'tool_calls' },
  };
}

/** A model that gives one answer after the other. */
function scripted(...answers: Generated[]): MockLanguageModelV3 {
  return new MockLanguageModelV3({
    modelId: 'gpt-5',
    doGenerate: ({ abortSignal }) => {
      abortSignal?.throwIfAborted();
      const next = answers.shift();
      return next === undefined ? Promise.reject(new Error('No more answers')) : Promise.resolve(next);
    },
  });
}

const TEXT: Part[] = [
  { type: 'stream-start', warnings: [] },
  { type: 'response-metadata', id: 'resp-1', modelId: 'gpt-5' },
  { type: 'text-start', id: '1' },
  { type: 'text-delta', id: '1', delta: 'Hello' },
  { type: 'text-delta', id: '1', delta: ', world' },
  { type: 'text-end', id: '1' },
];
const FINISH: Part = { type: 'finish', finishReason: { unified: 'stop', raw: 'stop' }, usage: USAGE };

function streaming(parts: Part[], delayMs: number | null = null): MockLanguageModelV3 {
  return new MockLanguageModelV3({
    modelId: 'gpt-5',
    doStream: () =>
      Promise.resolve({ stream: simulateReadableStream({ chunks: parts, chunkDelayInMs: delayMs }) }),
  });
}

/** A stream that gives its parts and then nothing more, until its signal aborts. */
function stuck(parts: Part[]): MockLanguageModelV3 {
  return new MockLanguageModelV3({
    modelId: 'gpt-5',
    doStream: ({ abortSignal }) =>
      Promise.resolve({
        stream: new ReadableStream<Part>({
          start(controller) {
            for (const part of parts) controller.enqueue(part);
            abortSignal?.addEventListener('abort', () => controller.error(abortSignal.reason));
          },
        }),
      }),
  });
}

const wrapped = (model: MockLanguageModelV3, options = {}): ReturnType<typeof wrapLanguageModel> =>
  wrapLanguageModel({ model, middleware: runMiddleware({ provider: 'openai', ...options }) });

const newRun = (): Run => new Run({ sessionId: 's' });

const weather = tool({
  inputSchema: z.object({ city: z.string() }),
  execute: ({ city }) => Promise.resolve({ city, weather: 'snow' }),
});

describe('runMiddleware', () => {
  it('counts a turn, the usage and the cost of each call', async () => {
    const run = newRun();
    const model = wrapped(scripted(call('weather', { city: 'Oslo' }), answer('Snow')));
    const output = await run.execute(async ({ signal }) => {
      const { text } = await generateText({
        model,
        tools: { weather },
        stopWhen: stepCountIs(5),
        prompt: 'Weather?',
        abortSignal: signal,
      });
      return { text };
    });
    expect(output).toEqual({ text: 'Snow' });
    expect(run.turnCount).toBe(2);
    expect(run.tokenUsage).toMatchObject({ requests: 2, input_tokens: 2000, cache_read_tokens: 1600 });
    expect(run.costUsd).toBe(2 * PRICE);
  });

  it('counts the usage of a stream as soon as the stream says it', async () => {
    const run = newRun();
    await run.execute(async () => {
      const { textStream } = streamText({ model: wrapped(streaming([...TEXT, FINISH])), prompt: 'Hi' });
      let text = '';
      for await (const piece of textStream) text += piece;
      return { text };
    });
    expect(run.output).toEqual({ text: 'Hello, world' });
    expect(run.turnCount).toBe(1);
    expect(run.tokenUsage).toEqual(COUNTED);
    expect(run.costUsd).toBe(PRICE);
  });

  it('does nothing outside a run', async () => {
    const { text } = await generateText({ model: wrapped(scripted(answer('Hello'))), prompt: 'Hi' });
    expect(text).toBe('Hello');
    const { textStream } = streamText({ model: wrapped(streaming([...TEXT, FINISH])), prompt: 'Hi' });
    let streamed = '';
    for await (const piece of textStream) streamed += piece;
    expect(streamed).toBe('Hello, world');
  });

  it('counts for a run that it was handed', async () => {
    const run = newRun();
    await generateText({ model: wrapped(scripted(answer('Hello')), { run }), prompt: 'Hi' });
    expect(run.tokenUsage).toEqual(COUNTED);
    expect(run.turnCount).toBe(1);
  });

  it('keeps the model by its own name, and takes prices of its own', async () => {
    const run = newRun();
    const prices = { 'gpt-5': { input_mtok: 1, output_mtok: 1 } };
    await run.execute(() =>
      generateText({ model: wrapped(scripted(answer('Hi')), { prices }), prompt: 'Hi' }).then(() => null),
    );
    expect(run.costUsd).toBe(0.0011);
    expect(Object.keys(new UsageMeter(run).byModel())).toEqual(['gpt-5']);
  });

  it('keeps a response without a name of its own by the name of the model that was asked', async () => {
    const run = newRun();
    const nameless = { ...answer('Hi'), response: undefined };
    await run.execute(() =>
      generateText({ model: wrapped(scripted(nameless as never)), prompt: 'Hi' }).then(() => null),
    );
    expect(Object.keys(new UsageMeter(run).byModel())).toEqual(['gpt-5']);
    expect(run.tokenUsage).toEqual(COUNTED);
  });

  it('keeps a stream by the model and the id that it names, and a later part that names none', async () => {
    const run = newRun();
    const parts: Part[] = [
      { type: 'stream-start', warnings: [] },
      { type: 'response-metadata', id: 'resp-1', modelId: 'gpt-5-mini' },
      { type: 'response-metadata', timestamp: new Date(0) },
      ...TEXT.slice(2),
      FINISH,
    ];
    await run.execute(async () => {
      const { textStream } = streamText({ model: wrapped(streaming(parts)), prompt: 'Hi' });
      for await (const piece of textStream) expect(piece).toBeDefined();
    });
    expect(Object.keys(new UsageMeter(run).byModel())).toEqual(['gpt-5-mini']);
    new UsageMeter(run, { provider: 'openai' }).record(
      { usage: { prompt_tokens: 1000, completion_tokens: 100, total_tokens: 1100 } },
      { requestId: 'resp-1', model: 'gpt-5-mini' },
    );
    expect(run.tokenUsage).toMatchObject({ requests: 1, input_tokens: 1000, output_tokens: 100 });
  });

  it('reads nothing from the provider before somebody reads', async () => {
    const run = newRun();
    let pulled = 0;
    const source = (): ReadableStream<Part> =>
      new ReadableStream<Part>(
        { pull: (controller) => controller.enqueue(TEXT[pulled++]!) },
        { highWaterMark: 0 },
      );
    const model = wrapped(
      new MockLanguageModelV3({ modelId: 'gpt-5', doStream: () => Promise.resolve({ stream: source() }) }),
    );
    await run.execute(async () => {
      const { stream } = await model.doStream({ prompt: [] });
      await pause(0);
      expect(pulled).toBe(0);
      const reader = stream.getReader();
      expect(await reader.read()).toEqual({ done: false, value: TEXT[0] });
      expect(pulled).toBe(1);
    });
  });

  describe('counts once', () => {
    it('what onStepFinish records beside it under the id of the response', async () => {
      const run = newRun();
      const model = wrapped(scripted(answer('Hello', 'resp-7')));
      await run.execute(async () => {
        const meter = new UsageMeter(run, { provider: 'openai' });
        await generateText({
          model,
          prompt: 'Hi',
          onStepFinish: (step) => {
            meter.record(step.usage, { model: 'gpt-5', requestId: step.response.id });
          },
        });
      });
      expect(run.tokenUsage).toMatchObject({ requests: 1, input_tokens: 1000, output_tokens: 100 });
      expect(run.costUsd).toBe(PRICE);
    });

    it('each call of a server that gives every response the same id', async () => {
      const run = newRun();
      const model = wrapped(scripted(answer('One', 'same'), answer('Two', 'same')));
      await run.execute(async () => {
        await generateText({ model, prompt: 'Hi' });
        await generateText({ model, prompt: 'Hi' });
      });
      expect(run.tokenUsage).toMatchObject({ requests: 2, input_tokens: 2000 });
    });
  });

  describe('of a call whose usage is not known', () => {
    const LOST = { requests: 1, unpriced_requests: 1 };

    it('counts one request without a price, where the provider says nothing', async () => {
      const run = newRun();
      const silent = scripted({ ...answer('Hello'), usage: UNKNOWN });
      await run.execute(() => generateText({ model: wrapped(silent), prompt: 'Hi' }).then(() => null));
      expect(run.tokenUsage).toEqual(LOST);
      expect(run.costUsd).toBeNull();
    });

    it('counts one, where the call is aborted before it has answered', async () => {
      const run = newRun();
      const page = new AbortController();
      const model = new MockLanguageModelV3({
        modelId: 'gpt-5',
        doGenerate: async ({ abortSignal }) => {
          page.abort(new Error('The user has left'));
          await pause(60_000, undefined, { signal: abortSignal });
          return answer('Never');
        },
      });
      const ended = run.execute(
        ({ signal }) => generateText({ model: wrapped(model), prompt: 'Hi', abortSignal: signal }),
        { signal: page.signal },
      );
      await expect(ended).rejects.toMatchObject({ code: 'cancelled' });
      expect(run.status).toBe('cancelled');
      expect(run.turnCount).toBe(1);
      expect(run.tokenUsage).toEqual(LOST);
      expect(Object.keys(new UsageMeter(run).byModel())).toEqual(['gpt-5']);
    });

    it('counts one, where a stream is aborted in its text', async () => {
      const run = newRun();
      const page = new AbortController();
      const ended = run.execute(
        async ({ signal }) => {
          const { textStream } = streamText({
            model: wrapped(stuck(TEXT.slice(0, 4))),
            prompt: 'Hi',
            abortSignal: signal,
          });
          for await (const piece of textStream) if (piece === 'Hello') page.abort();
        },
        { signal: page.signal },
      );
      await expect(ended).rejects.toMatchObject({ code: 'cancelled' });
      expect(run.tokenUsage).toEqual(LOST);
    });

    it('counts one, where the time is over in a stream', async () => {
      const run = newRun();
      const ended = run.execute(
        async ({ signal }) => {
          const { textStream } = streamText({
            model: wrapped(stuck(TEXT)),
            prompt: 'Hi',
            abortSignal: signal,
          });
          let text = '';
          for await (const piece of textStream) text += piece;
          return { text };
        },
        { timeoutMs: 50 },
      );
      await expect(ended).rejects.toMatchObject({ code: 'timeout' });
      expect(run.status).toBe('timeout');
      expect(run.tokenUsage).toEqual(LOST);
    });

    it('counts one, where nobody reads the stream to its end', async () => {
      const run = newRun();
      await run.execute(async () => {
        const model = wrapped(streaming([...TEXT, FINISH]));
        const { stream } = await model.doStream({ prompt: [] });
        await stream.cancel();
      });
      expect(run.tokenUsage).toEqual(LOST);
    });

    it('counts one, where the stream breaks', async () => {
      const run = newRun();
      await run.execute(async () => {
        const model = wrapped(streaming(TEXT));
        const { stream } = await model.doStream({ prompt: [] });
        for await (const part of stream) expect(part).toBeDefined();
      });
      expect(run.tokenUsage).toEqual(LOST);
    });

    it('counts one, where the stream fails, and hands the failure on', async () => {
      const run = newRun();
      const model = wrapped(
        new MockLanguageModelV3({
          modelId: 'gpt-5',
          doStream: () =>
            Promise.resolve({
              stream: new ReadableStream<Part>({
                pull: (controller) => controller.error(new Error('Reset')),
              }),
            }),
        }),
      );
      await run.execute(async () => {
        const { stream } = await model.doStream({ prompt: [] });
        await expect(stream.getReader().read()).rejects.toThrow('Reset');
        expect(run.tokenUsage).toEqual(LOST);
      });
    });

    it('counts none, where the provider refuses the call', async () => {
      const run = newRun();
      const model = wrapped(scripted());
      const ended = run.execute(() => generateText({ model, prompt: 'Hi', maxRetries: 0 }).then(() => null));
      await expect(ended).rejects.toThrow('No more answers');
      expect(run.status).toBe('failed');
      expect(run.turnCount).toBe(1);
      expect(run.tokenUsage).toEqual({});
    });
  });

  describe('stops', () => {
    it('before the call for which nothing is left of a limit', async () => {
      const run = newRun();
      const model = wrapped(scripted(call('weather', { city: 'Oslo' }), answer('Never asked')));
      const ended = run.execute(
        ({ signal }) =>
          generateText({
            model,
            tools: { weather },
            stopWhen: stepCountIs(5),
            prompt: 'Hi',
            abortSignal: signal,
          }),
        { limits: { maxTurns: 1 } },
      );
      await expect(ended).rejects.toMatchObject({ code: 'limit_exceeded', details: { limit: 'maxTurns' } });
      expect(run.status).toBe('failed');
      expect(run.turnCount).toBe(1);
      expect(run.tokenUsage).toMatchObject({ requests: 1 });
    });

    it('the run whose stream would need more than is left, which streamText would end without a word', async () => {
      const run = newRun();
      const wants: Part[] = [
        { type: 'stream-start', warnings: [] },
        { type: 'tool-call', toolCallId: '1', toolName: 'weather', input: '{"city":"Oslo"}' },
        FINISH,
      ];
      const ended = run.execute(
        async ({ signal }) => {
          const { textStream } = streamText({
            model: wrapped(streaming(wants)),
            tools: { weather },
            stopWhen: stepCountIs(5),
            prompt: 'Hi',
            abortSignal: signal,
          });
          let text = '';
          for await (const piece of textStream) text += piece;
          return { text };
        },
        { limits: { maxTurns: 1 } },
      );
      await expect(ended).rejects.toMatchObject({ code: 'limit_exceeded' });
      expect(run.status).toBe('failed');
      expect(run.error).toMatchObject({ code: 'limit_exceeded', details: { limit: 'maxTurns' } });
      expect(run.tokenUsage).toMatchObject({ requests: 1 });
    });

    it('a call of a run that was cancelled, also where nobody hands on the signal', async () => {
      const run = newRun();
      const model = scripted(answer('Never asked'));
      const ended = run.execute(async () => {
        run.cancel('Enough');
        await generateText({ model: wrapped(model), prompt: 'Hi' });
      });
      await expect(ended).rejects.toMatchObject({ code: 'cancelled', message: 'Enough' });
      expect(model.doGenerateCalls).toHaveLength(0);
    });

    it('no call of a run that has completed', async () => {
      const run = newRun();
      const output = await run.execute(async () => {
        run.setOutput({ early: true });
        const { text } = await generateText({ model: wrapped(scripted(answer('Late'))), prompt: 'Hi' });
        return text;
      });
      expect(output).toBe('Late');
      expect(run.turnCount).toBe(0);
      expect(run.tokenUsage).toEqual(COUNTED);
    });
  });

  describe('refuses', () => {
    it('a language model of AI SDK 5 as it is wrapped', () => {
      const old = { specificationVersion: 'v2', provider: 'mock', modelId: 'm' };
      const wrapOld = (): unknown => wrapLanguageModel({ model: old as never, middleware: runMiddleware() });
      expect(wrapOld).toThrow(RunError);
      expect(wrapOld).toThrow('runMiddleware is for AI SDK 6 and 7');
    });

    it('models of old specifications, and takes those of both new ones', () => {
      const { overrideProvider } = runMiddleware();
      const model = { provider: 'mock', modelId: 'm' };
      for (const specificationVersion of ['v1', 'v2']) {
        expect(() => overrideProvider({ model: { ...model, specificationVersion } })).toThrow(
          expect.objectContaining({
            code: 'validation_error',
            details: { issues: [{ path: 'model.specificationVersion', message: 'must be "v3" or "v4"' }] },
          }) as Error,
        );
      }
      for (const specificationVersion of ['v3', 'v4']) {
        expect(overrideProvider({ model: { ...model, specificationVersion } })).toBe('mock');
      }
    });

    it('options that it does not know', () => {
      expect(() => runMiddleware({ providr: 'openai' } as object)).toThrow('providr');
    });
  });
});

describe('runTools', () => {
  async function ask(
    run: Run,
    tools: Parameters<typeof generateText>[0]['tools'],
    first: Generated,
  ): Promise<unknown> {
    return run.execute(async ({ signal }) => {
      const { text } = await generateText({
        model: wrapped(scripted(first, answer('Done'))),
        tools: tools!,
        stopWhen: stepCountIs(5),
        prompt: 'Hi',
        abortSignal: signal,
      });
      return text;
    });
  }

  it('makes each call of a tool a step of its name, with what went in', async () => {
    const run = newRun();
    const events = recordedEvents(run);
    await ask(run, runTools({ weather }), call('weather', { city: 'Oslo' }));
    expect(events.steps).toEqual([
      { index: 1, parent: null, name: 'weather', kind: 'tool', input: { city: 'Oslo' }, status: 'completed' },
    ]);
  });

  it('keeps what came out on request, and leaves out what went in', async () => {
    const run = newRun();
    const events = recordedEvents(run);
    const tools = runTools({ weather }, { outputs: true, inputs: false });
    await ask(run, tools, call('weather', { city: 'Oslo' }));
    expect(events.steps).toEqual([
      expect.objectContaining({ input: null, output: { city: 'Oslo', weather: 'snow' } }),
    ]);
  });

  it('fails the step of a tool that throws, and hands the exception on', async () => {
    const run = newRun();
    const events = recordedEvents(run);
    const broken = tool({
      inputSchema: z.object({}),
      execute: (): Promise<string> => Promise.reject(new Error('No network')),
    });
    expect(await ask(run, runTools({ broken }), call('broken', {}))).toBe('Done');
    expect(events.steps).toEqual([
      expect.objectContaining({ status: 'failed', error: { name: 'Error', message: 'No network' } }),
    ]);
  });

  it('cancels the step of a tool in which the run is aborted', async () => {
    const run = newRun();
    const events = recordedEvents(run);
    const page = new AbortController();
    const slow = tool({
      inputSchema: z.object({}),
      execute: async (_input, { abortSignal }) => {
        page.abort(new Error('The user has left'));
        await pause(60_000, undefined, { signal: abortSignal });
      },
    });
    const ended = run.execute(
      ({ signal }) =>
        generateText({
          model: wrapped(scripted(call('slow', {}))),
          tools: runTools({ slow }),
          prompt: 'Hi',
          abortSignal: signal,
        }),
      { signal: page.signal },
    );
    await expect(ended).rejects.toMatchObject({ code: 'cancelled' });
    expect(events.steps).toEqual([expect.objectContaining({ name: 'slow', status: 'cancelled' })]);
    expect(run.tokenUsage).toMatchObject({ requests: 1, input_tokens: 1000 });
  });

  it('lasts as long as a tool gives its result bit by bit', async () => {
    const run = newRun();
    const events = recordedEvents(run);
    const counting = tool({
      inputSchema: z.object({}),
      async *execute() {
        yield { percent: 50 };
        await pause(1);
        yield { percent: 100 };
      },
    });
    await ask(run, runTools({ counting }, { outputs: true }), call('counting', {}));
    expect(events.steps).toEqual([
      expect.objectContaining({ status: 'completed', output: { percent: 100 } }),
    ]);
  });

  it.each([[null], [undefined], [7], ['text'], [[1]], [{ city: 'Oslo' }]])(
    'hands on what a tool gives: %j',
    async (value) => {
      const run = newRun();
      const events = recordedEvents(run);
      const { give } = runTools({ give: { execute: () => value } });
      await run.execute(async () => {
        expect(await Promise.resolve(give.execute())).toBe(value);
      });
      expect(events.steps.map(({ name, status }) => [name, status])).toEqual([['give', 'completed']]);
    },
  );

  it('hands on each bit, and fails the step of a tool that throws between them', async () => {
    const run = newRun();
    const events = recordedEvents(run);
    const { counting } = runTools({
      counting: {
        // eslint-disable-next-line @typescript-eslint/require-await -- a tool may wait, or not
        async *execute() {
          yield 1;
          yield 2;
          throw new Error('No network');
        },
      },
    });
    const bits: number[] = [];
    await run.execute(async () => {
      const read = async (): Promise<void> => {
        for await (const bit of counting.execute()) bits.push(bit);
      };
      await expect(read()).rejects.toThrow('No network');
    });
    expect(bits).toEqual([1, 2]);
    expect(events.steps).toEqual([
      expect.objectContaining({ status: 'failed', error: { name: 'Error', message: 'No network' } }),
    ]);
  });

  it('makes steps of a run that it was handed', async () => {
    const run = newRun();
    const events = recordedEvents(run);
    run.updateStatus('running');
    const { find } = runTools({ find: { execute: () => 'found' } }, { run });
    expect(await Promise.resolve(find.execute())).toBe('found');
    expect(events.steps.map(({ name }) => name)).toEqual(['find']);
  });

  it('leaves what is no tool as it is: one that is only sometimes there, say', () => {
    const tools = { none: undefined, nothing: null, text: 'find', weather };
    expect(runTools(tools)).toMatchObject({ none: undefined, nothing: null, text: 'find' });
  });

  it('puts the steps of a tool below its own', async () => {
    const run = newRun();
    const events = recordedEvents(run);
    const outer = tool({
      inputSchema: z.object({}),
      execute: () => Run.current()!.step('inner', () => 'found'),
    });
    await ask(run, runTools({ outer }), call('outer', {}));
    expect(events.steps.map(({ name, parent }) => [name, parent])).toEqual([
      ['inner', 1],
      ['outer', null],
    ]);
  });

  it('leaves tools alone that somebody else executes, and calls tools as they are outside a run', async () => {
    const clientSide = tool({ inputSchema: z.object({}) });
    const tools = runTools({ weather, clientSide });
    expect(tools.clientSide).toBe(clientSide);
    const result = await tools.weather.execute?.({ city: 'Rome' }, { toolCallId: '1', messages: [] });
    expect(result).toEqual({ city: 'Rome', weather: 'snow' });
  });

  it('calls a tool as it is that is called late, when its run waits for a person', async () => {
    const run = newRun();
    const tools = runTools({ weather }, { run });
    await run.execute(() => run.park());
    const result = await tools.weather.execute?.({ city: 'Rome' }, { toolCallId: '1', messages: [] });
    expect(result).toEqual({ city: 'Rome', weather: 'snow' });
  });

  it('leaves out what is too large for a step', async () => {
    const run = newRun();
    const events = recordedEvents(run);
    const city = 'x'.repeat(70_000);
    await ask(run, runTools({ weather }, { outputs: true }), call('weather', { city }));
    expect(events.steps).toEqual([
      expect.objectContaining({ input: null, status: 'completed', omitted: true }),
    ]);
  });
});
