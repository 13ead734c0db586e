import { setTimeout as pause } from 'node:timers/promises';
import type { CallbackManagerForLLMRun } from '@langchain/core/callbacks/manager';
import { BaseChatModel } from '@langchain/core/language_models/chat_models';
import type { BaseMessage } from '@langchain/core/messages';
import { InMemoryCache } from '@langchain/core/caches';
import { AIMessage, AIMessageChunk, ToolMessage } from '@langchain/core/messages';
import type { ChatResult } from '@langchain/core/outputs';
import { ChatGenerationChunk } from '@langchain/core/outputs';
import { FakeLLM, FakeRetriever } from '@langchain/core/utils/testing';
import { RunnableLambda } from '@langchain/core/runnables';
import type { StructuredToolInterface } from '@langchain/core/tools';
import { tool } from '@langchain/core/tools';
import { Command, interrupt, MemorySaver, MessagesAnnotation, StateGraph } from '@langchain/langgraph';
import { ToolNode, toolsCondition } from '@langchain/langgraph/prebuilt';
import { z } from 'zod';
import { Run } from 'agent-run';
import { RunCallbackHandler } from 'agent-run/langchain';
import { UsageMeter } from 'agent-run/usage';
import { recordedEvents } from './recorded-events';

const USAGE = {
  input_tokens: 1000,
  output_tokens: 100,
  total_tokens: 1100,
  input_token_details: { cache_read: 800 },
  output_token_details: { reasoning: 40 },
};

/** 200 x 1.25 + 800 x 0.125 + 100 x 10 dollars per million. */
const PRICE = 0.00135;

type Answer = (signal: AbortSignal | undefined) => AIMessage | Promise<AIMessage>;

/* eslint-disable @typescript-eslint/naming-convention -- LangChain's models have methods with these names. */
/** A model that gives one answer after the other; streamed, word by word with the usage at the end. */
class ScriptedChatModel extends BaseChatModel {
  readonly #answers: Answer[];

  constructor(...answers: readonly (Answer | AIMessage)[]) {
    super({ maxRetries: 0 });
    this.#answers = answers.map((answer) => (typeof answer === 'function' ? answer : () => answer));
  }

  _llmType(): string {
    return 'scripted';
  }

  override bindTools(): this {
    return this;
  }

  override invocationParams(): object {
    return { model: 'gpt-5' };
  }

  override async _generate(
    _messages: BaseMessage[],
    { signal }: this['ParsedCallOptions'],
  ): Promise<ChatResult> {
    const message = await this.#next(signal);
    return { generations: [{ text: message.text, message }] };
  }

  override async *_streamResponseChunks(
    _messages: BaseMessage[],
    { signal }: this['ParsedCallOptions'],
    manager?: CallbackManagerForLLMRun,
  ): AsyncGenerator<ChatGenerationChunk> {
    const { text, usage_metadata: usage, response_metadata: metadata, id } = await this.#next(signal);
    for (const word of text.split(' ')) {
      signal?.throwIfAborted();
      const message = new AIMessageChunk({ content: word, ...(id === undefined ? {} : { id }) });
      yield new ChatGenerationChunk({ text: word, message });
      await manager?.handleLLMNewToken(word);
      await pause(1);
    }
    const message = new AIMessageChunk({ content: '', response_metadata: metadata });
    Object.assign(message, { usage_metadata: usage });
    yield new ChatGenerationChunk({ text: '', message });
  }

  /* eslint-enable @typescript-eslint/naming-convention */
  async #next(signal: AbortSignal | undefined): Promise<AIMessage> {
    const answer = this.#answers.shift();
    if (answer === undefined) throw new Error('No more answers');
    return answer(signal);
  }
}

/** The message with its usage, which the constructor's types do not take under exactOptionalPropertyTypes. */
function withUsage(fields: object): AIMessage {
  return Object.assign(new AIMessage(fields as { content: string }), { usage_metadata: USAGE });
}

function says(content: string, id?: string): AIMessage {
  return withUsage({
    content,
    response_metadata: { model_name: 'gpt-5' },
    ...(id === undefined ? {} : { id }),
  });
}

function calls(name: string, args: Record<string, unknown> = {}, id = `call-${name}`): AIMessage {
  return withUsage({
    content: '',
    tool_calls: [{ name, args, id, type: 'tool_call' }],
    response_metadata: { model_name: 'gpt-5' },
  });
}

const weather = tool(({ city }: { city: string }) => `Snow in ${city}`, {
  name: 'weather',
  description: 'The weather in a city',
  schema: z.object({ city: z.string() }),
});

/** An agent: a graph that asks the model, and calls the tools that it wants. */
function createAgent({ llm, tools, checkpointer }: AgentParts) {
  return new StateGraph(MessagesAnnotation)
    .addNode('model', async ({ messages }, config) => ({ messages: [await llm.invoke(messages, config)] }))
    .addNode('tools', new ToolNode([...tools]))
    .addEdge('__start__', 'model')
    .addConditionalEdges('model', toolsCondition)
    .addEdge('tools', 'model')
    .compile(checkpointer === undefined ? {} : { checkpointer });
}

interface AgentParts {
  readonly llm: BaseChatModel;
  readonly tools: readonly StructuredToolInterface[];
  readonly checkpointer?: MemorySaver;
}

const newRun = (): Run => new Run({ sessionId: 's' });
const handlerOf = (options = {}): RunCallbackHandler =>
  new RunCallbackHandler({ provider: 'openai', ...options });
const ASK = { messages: [{ role: 'user', content: 'Weather?' }] };

describe('RunCallbackHandler', () => {
  it('has counted when invoke returns', async () => {
    const run = newRun();
    await run.execute(async () => {
      await new ScriptedChatModel(says('Hello')).invoke('Hi', { callbacks: [handlerOf()] });
      expect(run.turnCount).toBe(1);
      expect(run.tokenUsage).toEqual({
        requests: 1,
        input_tokens: 1000,
        output_tokens: 100,
        cache_read_tokens: 800,
        reasoning_tokens: 40,
        total_tokens: 1100,
      });
      expect(run.costUsd).toBe(PRICE);
    });
  });

  it('counts what is streamed', async () => {
    const run = newRun();
    await run.execute(async () => {
      const stream = await new ScriptedChatModel(says('Hello big world')).stream('Hi', {
        callbacks: [handlerOf()],
      });
      let text = '';
      for await (const chunk of stream) text += chunk.text;
      return { text };
    });
    expect(run.output).toEqual({ text: 'Hellobigworld' });
    expect(run.tokenUsage).toMatchObject({ requests: 1, input_tokens: 1000 });
    expect(run.costUsd).toBe(PRICE);
  });

  it('counts each of a batch', async () => {
    const run = newRun();
    const model = new ScriptedChatModel(says('One'), says('Two'), says('Three'));
    await run.execute(() => model.batch(['a', 'b', 'c'], { callbacks: [handlerOf()] }).then(() => null));
    expect(run.turnCount).toBe(3);
    expect(run.tokenUsage).toMatchObject({ requests: 3, input_tokens: 3000 });
  });

  it('counts a model that is no chat model', async () => {
    const run = newRun();
    const model = new FakeLLM({ response: 'Hello' });
    await run.execute(() => model.invoke('Hi', { callbacks: [handlerOf()] }).then(() => null));
    expect(run.turnCount).toBe(1);
    expect(run.tokenUsage).toEqual({ requests: 1, unpriced_requests: 1 });
  });

  it('keeps the tools of an agent as steps, with what went in', async () => {
    const run = newRun();
    const events = recordedEvents(run);
    const llm = new ScriptedChatModel(calls('weather', { city: 'Oslo' }), says('Snow'));
    const agent = createAgent({ llm, tools: [weather] });
    await run.execute(({ signal }) =>
      agent.invoke(ASK, { callbacks: [handlerOf({ outputs: true })], signal }).then(() => null),
    );
    expect(run.turnCount).toBe(2);
    expect(run.tokenUsage).toMatchObject({ requests: 2, input_tokens: 2000 });
    expect(events.steps).toEqual([
      {
        index: 1,
        parent: null,
        name: 'weather',
        kind: 'tool',
        input: { city: 'Oslo' },
        output: { value: 'Snow in Oslo' },
        status: 'completed',
      },
    ]);
  });

  it('counts a graph within a tool of a graph, its tools below that tool', async () => {
    const run = newRun();
    const events = recordedEvents(run);
    const inner = createAgent({
      llm: new ScriptedChatModel(calls('weather', { city: 'Oslo' }), says('Snow')),
      tools: [weather],
    });
    const ask = tool(
      async (_input: unknown, config) => {
        const { messages } = await inner.invoke(ASK, config);
        return messages.at(-1)?.text ?? '';
      },
      { name: 'ask_expert', description: 'Asks', schema: z.object({}) },
    );
    const outer = createAgent({
      llm: new ScriptedChatModel(calls('ask_expert'), says('Snow')),
      tools: [ask],
    });
    await run.execute(() => outer.invoke(ASK, { callbacks: [handlerOf()] }).then(() => null));
    expect(run.turnCount).toBe(4);
    expect(run.tokenUsage).toMatchObject({ requests: 4 });
    expect(events.steps.map(({ index, parent, name }) => [index, parent, name])).toEqual([
      [2, 1, 'weather'],
      [1, null, 'ask_expert'],
    ]);
  });

  it('counts once where it is handed to the model and to the call', async () => {
    const run = newRun();
    const handler = handlerOf();
    const model = new ScriptedChatModel(says('Hello'));
    model.callbacks = [handler];
    await run.execute(() => model.invoke('Hi', { callbacks: [handler] }).then(() => null));
    expect(run.turnCount).toBe(1);
    expect(run.tokenUsage).toMatchObject({ requests: 1 });
  });

  it('keeps runs that stand side by side apart, with one handler', async () => {
    const handler = handlerOf();
    const counts = await Promise.all(
      [1, 2, 3].map(async (count) => {
        const run = newRun();
        const model = new ScriptedChatModel(...Array.from({ length: count }, () => says('Hello')));
        await run.execute(async () => {
          for (let call = 0; call < count; call += 1) await model.invoke('Hi', { callbacks: [handler] });
        });
        return run.turnCount;
      }),
    );
    expect(counts).toEqual([1, 2, 3]);
  });

  it('keeps a retriever as a step, with what it found on request', async () => {
    const run = newRun();
    const events = recordedEvents(run);
    const callbacks = [handlerOf({ outputs: true })];
    await run.execute(async () => {
      await new FakeRetriever().invoke('cats', { callbacks });
      await new FakeRetriever({ output: [] }).invoke('dogs', { callbacks, runName: 'pets' });
    });
    expect(events.steps).toEqual([
      expect.objectContaining({
        name: 'FakeRetriever',
        kind: 'retrieval',
        input: { query: 'cats' },
        output: { value: [expect.anything(), expect.anything()] },
        status: 'completed',
      }),
      expect.objectContaining({ name: 'pets', input: { query: 'dogs' }, output: { value: [] } }),
    ]);
  });

  it('fails the step of a retriever that throws', async () => {
    const run = newRun();
    const events = recordedEvents(run);
    class BrokenRetriever extends FakeRetriever {
      // eslint-disable-next-line @typescript-eslint/naming-convention -- LangChain's name
      override _getRelevantDocuments(): Promise<never> {
        return Promise.reject(new Error('No index'));
      }
    }
    const ended = run.execute(() =>
      new BrokenRetriever().invoke('cats', { callbacks: [handlerOf()] }).then(() => null),
    );
    await expect(ended).rejects.toThrow('No index');
    expect(events.steps).toEqual([
      expect.objectContaining({ status: 'failed', error: { name: 'Error', message: 'No index' } }),
    ]);
  });

  it('fails the step of a tool that answers with a message of failure', async () => {
    const run = newRun();
    const events = recordedEvents(run);
    const answering = (
      name: string,
      content: string | { type: 'text'; text: string }[],
      status: 'error' | 'success',
    ) =>
      tool(() => new ToolMessage({ content, status, tool_call_id: name }), {
        name,
        description: 'Answers',
        schema: z.object({}),
      });
    await run.execute(async () => {
      const callbacks = [handlerOf({ outputs: true })];
      await answering('refused', 'No access', 'error').invoke({}, { callbacks });
      await answering('blocks', [{ type: 'text', text: 'No access' }], 'error').invoke({}, { callbacks });
      await answering('found', 'Here', 'success').invoke({}, { callbacks });
    });
    expect(events.steps.map(({ name, error, output }) => [name, error, output])).toEqual([
      ['refused', { message: 'No access' }, undefined],
      ['blocks', { message: 'The tool failed' }, undefined],
      ['found', undefined, { value: 'Here' }],
    ]);
  });

  it('counts a turn, and no request, for an answer out of a cache of LangChain', async () => {
    const run = newRun();
    const cached = new ScriptedChatModel(says('Hello'));
    cached.cache = new InMemoryCache(new Map());
    await run.execute(async () => {
      const callbacks = [handlerOf()];
      await cached.invoke('Hi', { callbacks });
      expect((await cached.invoke('Hi', { callbacks })).text).toBe('Hello');
    });
    expect(run.tokenUsage).toMatchObject({ requests: 1, input_tokens: 1000 });
    expect(run.tokenUsage).not.toHaveProperty('unpriced_requests');
    expect(run.turnCount).toBe(2);
  });

  it('gives itself for the copy that LangChain asks for', () => {
    const handler = handlerOf();
    expect(handler.copy()).toBe(handler);
  });

  it('fails the step of a tool that throws', async () => {
    const run = newRun();
    const events = recordedEvents(run);
    const broken = tool(
      (): string => {
        throw new Error('No network');
      },
      { name: 'broken', description: 'Breaks', schema: z.object({}) },
    );
    const agent = createAgent({
      llm: new ScriptedChatModel(calls('broken'), says('Sorry')),
      tools: [broken],
    });
    await run.execute(() => agent.invoke(ASK, { callbacks: [handlerOf()] }).then(() => null));
    expect(run.status).toBe('completed');
    expect(events.steps).toEqual([
      expect.objectContaining({ status: 'failed', error: { name: 'Error', message: 'No network' } }),
    ]);
  });

  it('does not fail the step of a tool that waits for a person, and counts once across the wait', async () => {
    const run = newRun();
    const events = recordedEvents(run);
    const send = tool(() => `Answer: ${String(interrupt('Send it?'))}`, {
      name: 'send',
      description: 'Sends',
      schema: z.object({}),
    });
    const llm = new ScriptedChatModel(calls('send'), says('Sent'));
    const agent = createAgent({ llm, tools: [send], checkpointer: new MemorySaver() });
    const config = { configurable: { thread_id: '1' } };
    await run.execute(async () => {
      await agent.invoke(ASK, { ...config, callbacks: [handlerOf()] });
      expect(run.tokenUsage).toMatchObject({ requests: 1 });
      await agent.invoke(new Command({ resume: 'yes' }), { ...config, callbacks: [handlerOf()] });
    });
    expect(run.tokenUsage).toMatchObject({ requests: 2, input_tokens: 2000 });
    expect(events.steps.map(({ name, status }) => [name, status])).toEqual([
      ['send', 'completed'],
      ['send', 'completed'],
    ]);
  });

  it('counts under the id of the message: what is recorded beside it adds nothing', async () => {
    const run = newRun();
    await run.execute(async () => {
      const message = await new ScriptedChatModel(says('Hello', 'msg-1')).invoke('Hi', {
        callbacks: [handlerOf()],
      });
      new UsageMeter(run, { provider: 'openai' }).record(message, { requestId: 'msg-1' });
    });
    expect(run.tokenUsage).toMatchObject({ requests: 1, input_tokens: 1000 });
    expect(run.costUsd).toBe(PRICE);
  });

  it('counts for a run that it was handed, and does nothing outside', async () => {
    const run = newRun();
    await new ScriptedChatModel(says('Hello')).invoke('Hi', { callbacks: [handlerOf({ run })] });
    expect(run.tokenUsage).toMatchObject({ requests: 1 });
    const errors: unknown[] = [];
    const callbacks = [handlerOf({ onError: (error: unknown) => errors.push(error) })];
    const message = await new ScriptedChatModel(says('Hello')).invoke('Hi', { callbacks });
    expect(message.text).toBe('Hello');
    await expect(new ScriptedChatModel().invoke('Hi', { callbacks })).rejects.toThrow('No more answers');
    expect(await weather.invoke({ city: 'Oslo' }, { callbacks })).toBe('Snow in Oslo');
    expect(await new FakeRetriever({ output: [] }).invoke('cats', { callbacks })).toEqual([]);
    expect(errors).toEqual([]);
  });

  describe('reads of what LangChain calls it with', () => {
    const MODEL = { lc: 1, type: 'not_implemented', id: ['langchain', 'chat_models', 'Scripted'] };
    const ANSWER = { generations: [[{ text: 'Hi', message: { id: 'm', usage_metadata: USAGE } }]] };

    /** The run after a call: what the model is asked with, and what it answers. */
    async function called(
      output: object,
      extra?: object,
      metadata?: object,
    ): Promise<{ run: Run; errors: unknown[]; models: string[] }> {
      const run = newRun();
      const errors: unknown[] = [];
      const handler = handlerOf({ onError: (error: unknown) => errors.push(error) });
      await run.execute(() => {
        handler.handleChatModelStart(MODEL, [], 'id', undefined, extra, [], metadata);
        handler.handleLLMEnd(output, 'id');
        return null;
      });
      return { run, errors, models: Object.keys(new UsageMeter(run).byModel()) };
    }

    it.each([
      ['gpt-5', { invocation_params: { model: 'gpt-5' } }, { ls_model_name: 'other' }],
      ['gpt-5', { invocation_params: { model_name: 'gpt-5' } }, undefined],
      ['gpt-5', { invocation_params: { modelId: 'gpt-5' } }, undefined],
      ['gpt-5', { invocation_params: {} }, { ls_model_name: 'gpt-5' }],
      ['gpt-5', { options: {} }, { ls_model_name: 'gpt-5' }],
      ['gpt-5', undefined, { ls_model_name: 'gpt-5' }],
      ['unknown', undefined, undefined],
    ])('the name of the model that is asked: %s of %j and %j', async (name, extra, metadata) => {
      const { models, errors } = await called(ANSWER, extra, metadata);
      expect(models).toEqual([name]);
      expect(errors).toEqual([]);
    });

    it.each(['model_name', 'model', 'modelId', 'model_id'])(
      'the name of the model that has answered, in %s',
      async (key) => {
        const message = { usage_metadata: USAGE, response_metadata: { [key]: 'gpt-5-mini' } };
        const { models } = await called(
          { generations: [[{ message }]] },
          { invocation_params: { model: 'gpt-5' } },
        );
        expect(models).toEqual(['gpt-5-mini']);
      },
    );

    it('the one message that has the usage, where there are several answers', async () => {
      const metadata = { model_name: 'gpt-5' };
      const { run, models } = await called({
        generations: [
          [
            { message: { id: 'a' } },
            { message: { id: 'b', usage_metadata: USAGE, response_metadata: metadata } },
          ],
        ],
      });
      expect(run.tokenUsage).toMatchObject({ requests: 1, input_tokens: 1000 });
      expect(models).toEqual(['gpt-5']);
    });

    it.each(['tokenUsage', 'estimatedTokenUsage'])(
      'usage that stands beside the answers, as %s',
      async (key) => {
        const llmOutput = { [key]: { promptTokens: 12, completionTokens: 3, totalTokens: 15 } };
        for (const message of [undefined, { id: 'm', response_metadata: { model_name: 'gpt-5' } }]) {
          const { run, errors, models } = await called({
            generations: [[{ text: 'Hi', message }]],
            llmOutput,
          });
          expect(errors).toEqual([]);
          expect(run.tokenUsage).toMatchObject({ requests: 1, input_tokens: 12, output_tokens: 3 });
          expect(models).toEqual([message === undefined ? 'unknown' : 'gpt-5']);
        }
      },
    );

    it.each([
      ['nothing', {}],
      ['no generation', { generations: [] }],
      ['no llmOutput', { generations: [[{ text: 'Hi' }, null]] }],
      ['no usage in it', { generations: [[{ text: 'Hi' }]], llmOutput: {} }],
      ['an empty usage', { generations: [[{ text: 'Hi' }]], llmOutput: { tokenUsage: {} } }],
    ])('that an answer has %s, which is a request without a price and no error', async (_what, output) => {
      const { run, errors } = await called(output);
      expect(run.tokenUsage).toEqual({ requests: 1, unpriced_requests: 1 });
      expect(errors).toEqual([]);
    });

    it('the signal that stops the call: it is given up at once', async () => {
      const run = newRun();
      const page = new AbortController();
      const handler = handlerOf();
      await run.execute(() => {
        handler.handleChatModelStart(MODEL, [], 'a', undefined, { options: { signal: page.signal } });
        handler.handleChatModelStart(MODEL, [], 'b', undefined, { options: {} });
        handler.handleChatModelStart(MODEL, [], 'c', undefined, { options: { signal: 'none' } });
        handler.handleChatModelStart(MODEL, [], 'd', undefined, {});
        expect(run.tokenUsage).toEqual({});
        page.abort();
        expect(run.tokenUsage).toEqual({ requests: 1, unpriced_requests: 1 });
        return null;
      });
    });

    it('the name of a tool: that of the call, of the tool, or of its class', async () => {
      const run = newRun();
      const events = recordedEvents(run);
      const handler = handlerOf();
      const described = { lc: 1, type: 'not_implemented', id: ['langchain', 'tools', 'Calculator'] };
      await run.execute(() => {
        const tell = (tool: object, name?: string): void => {
          handler.handleToolStart(tool, '{"x":1}', 'id', undefined, [], {}, name);
          handler.handleToolEnd('1', 'id');
        };
        tell(described, 'sum');
        tell({ ...described, name: 'add' });
        tell(described);
        tell({ id: [7] });
        tell({});
        return null;
      });
      expect(events.steps.map(({ name }) => name)).toEqual(['sum', 'add', 'Calculator', 'tool', 'tool']);
      expect(events.steps[0]?.input).toEqual({ x: 1 });
    });
  });

  it('gives up only the calls of the run whose execution is over', async () => {
    const handler = handlerOf();
    const [short, long] = [newRun(), newRun()];
    await long.execute(async () => {
      handler.handleChatModelStart({}, [], 'long');
      await short.execute(() => {
        handler.handleChatModelStart({}, [], 'short');
        return null;
      });
      expect(short.tokenUsage).toEqual({ requests: 1, unpriced_requests: 1 });
      expect(long.tokenUsage).toEqual({});
      handler.handleLLMEnd({ generations: [[{ message: says('Hi') }]] }, 'long');
      return null;
    });
    expect(long.tokenUsage).toMatchObject({ requests: 1, input_tokens: 1000 });
    expect(long.tokenUsage).not.toHaveProperty('unpriced_requests');
  });

  it('puts a tool below the one that its chain is called by, and no longer once that is over', async () => {
    const run = newRun();
    const events = recordedEvents(run);
    const handler = handlerOf();
    const end = (id: string): void => handler.handleToolEnd('ok', id);
    await run.execute(() => {
      handler.handleChainStart({}, {}, 'graph');
      handler.handleToolStart({}, '{}', 'outer', 'graph', [], {}, 'outer');
      handler.handleChainStart({}, {}, 'node', 'outer');
      handler.handleChainStart({}, {}, 'chain', 'node');
      handler.handleToolStart({}, '{}', 'inner', 'chain', [], {}, 'inner');
      end('inner');
      handler.handleChainEnd({}, 'chain');
      handler.handleChainError(new Error('x'), 'node');
      end('outer');
      handler.handleToolStart({}, '{}', 'next', 'graph', [], {}, 'next');
      end('next');
      end('of nobody');
      return null;
    });
    expect(events.steps.map(({ name, index, parent }) => [name, index, parent])).toEqual([
      ['inner', 2, 1],
      ['outer', 1, null],
      ['next', 3, null],
    ]);
  });

  describe('of a call whose usage is not known', () => {
    const LOST = { requests: 1, unpriced_requests: 1 };

    it('counts one request without a price where the call is aborted', async () => {
      const run = newRun();
      const page = new AbortController();
      const model = new ScriptedChatModel(async (signal) => {
        setImmediate(() => page.abort(new Error('The user has left')));
        return pause(60_000, says('Never'), { signal });
      });
      const ended = run.execute(
        ({ signal }) => model.invoke('Hi', { callbacks: [handlerOf()], signal }).then(() => null),
        { signal: page.signal },
      );
      await expect(ended).rejects.toMatchObject({ code: 'cancelled' });
      expect(run.turnCount).toBe(1);
      expect(run.tokenUsage).toEqual(LOST);
    });

    it('counts one where a stream is aborted in its text', async () => {
      const run = newRun();
      const page = new AbortController();
      const ended = run.execute(
        async ({ signal }) => {
          const model = new ScriptedChatModel(says('Hello big world'));
          const stream = await model.stream('Hi', { callbacks: [handlerOf()], signal });
          for await (const chunk of stream) if (chunk.text === 'big') page.abort();
        },
        { signal: page.signal },
      );
      await expect(ended).rejects.toMatchObject({ code: 'cancelled' });
      expect(run.tokenUsage).toEqual(LOST);
    });

    it('counts one where nobody reads the stream to its end', async () => {
      const run = newRun();
      await run.execute(async () => {
        const stream = await new ScriptedChatModel(says('Hello big world')).stream('Hi', {
          callbacks: [handlerOf()],
        });
        for await (const chunk of stream) if (chunk.text === 'Hello') break;
      });
      expect(run.tokenUsage).toEqual(LOST);
    });

    it('counts one where the provider reports nothing', async () => {
      const run = newRun();
      const model = new ScriptedChatModel(new AIMessage('Hello'));
      await run.execute(() => model.invoke('Hi', { callbacks: [handlerOf()] }).then(() => null));
      expect(run.tokenUsage).toEqual(LOST);
    });

    it('counts none where the provider refuses the call', async () => {
      const run = newRun();
      const ended = run.execute(() =>
        new ScriptedChatModel().invoke('Hi', { callbacks: [handlerOf()] }).then(() => null),
      );
      await expect(ended).rejects.toThrow('No more answers');
      expect(run.tokenUsage).toEqual({});
      expect(run.turnCount).toBe(1);
    });
  });

  describe('stops', () => {
    it('before the call for which nothing is left of a limit', async () => {
      const said = jest.spyOn(console, 'error').mockImplementation(() => undefined);
      const run = newRun();
      const llm = new ScriptedChatModel(calls('weather', { city: 'Oslo' }), says('Never asked'));
      const agent = createAgent({ llm, tools: [weather] });
      const ended = run.execute(({ signal }) => agent.invoke(ASK, { callbacks: [handlerOf()], signal }), {
        limits: { maxTurns: 1 },
      });
      await expect(ended).rejects.toMatchObject({ code: 'limit_exceeded' });
      expect(run.status).toBe('failed');
      expect(run.turnCount).toBe(1);
      expect(run.tokenUsage).toMatchObject({ requests: 1 });
      said.mockRestore();
    });

    it('in a tool, when the time is over: its step is cancelled', async () => {
      const run = newRun();
      const events = recordedEvents(run);
      const slow = tool(
        (_input: unknown, { signal }) => pause(60_000, 'late', { signal: signal as AbortSignal }),
        {
          name: 'slow',
          description: 'Slow',
          schema: z.object({}),
        },
      );
      const agent = createAgent({ llm: new ScriptedChatModel(calls('slow')), tools: [slow] });
      const ended = run.execute(({ signal }) => agent.invoke(ASK, { callbacks: [handlerOf()], signal }), {
        timeoutMs: 150,
      });
      await expect(ended).rejects.toMatchObject({ code: 'timeout' });
      expect(events.steps).toEqual([expect.objectContaining({ name: 'slow', status: 'cancelled' })]);
      expect(run.tokenUsage).toMatchObject({ requests: 1, input_tokens: 1000 });
    });
  });

  it('leaves nothing behind of chains that have ended', async () => {
    const run = newRun();
    const graph = new StateGraph(MessagesAnnotation)
      .addNode('think', () => ({ messages: [says('Hello')] }))
      .addEdge('__start__', 'think')
      .compile();
    const chain = RunnableLambda.from(() => graph.invoke(ASK)).pipe(RunnableLambda.from(() => 'done'));
    await run.execute(() => chain.invoke('x', { callbacks: [handlerOf()] }).then(() => null));
    expect(run.turnCount).toBe(0);
  });

  it('refuses options that it does not know', () => {
    expect(() => new RunCallbackHandler({ provide: 'x' } as object)).toThrow('provide');
  });
});
