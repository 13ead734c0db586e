import { join } from 'node:path';
import Anthropic from '@anthropic-ai/sdk';
import {
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
} from '@aws-sdk/client-bedrock-runtime';
import type { UsageMetadata } from '@langchain/core/messages';
import { AIMessage, AIMessageChunk } from '@langchain/core/messages';
import { Agent, OpenAIResponsesModel, Runner } from '@openai/agents';
import { Run } from 'agent-run';
import type { UsageMeterOptions } from 'agent-run/usage';
import { UsageMeter } from 'agent-run/usage';
import OpenAI from 'openai';
import { startProgram } from '../../examples/program';
import type { ModelServer } from './model-server';
import { startModelServer } from './model-server';

/** Anthropic's and Bedrock's protocols do not say here what was reasoning. */
const WITHOUT_REASONING = {
  input_tokens: 1000,
  output_tokens: 50,
  cache_read_tokens: 600,
  total_tokens: 1050,
  requests: 1,
};
const COUNTERS = { ...WITHOUT_REASONING, reasoning_tokens: 20 };

/** Prices by hand, in dollars per million tokens as the makers' pages had them in November 2026. */
const COSTS = {
  // 400 x 1.25 + 600 x 0.125 + 50 x 10
  'gpt-5': 0.001075,
  // 400 x 3 + 600 x 0.3 + 50 x 15
  'claude-sonnet-4-5': 0.00213,
  // 400 x 1.25 + 600 x 0.125 + 50 x 10; a cached token of Gemini costs a tenth
  'gemini-2.5-pro': 0.001075,
};

let server: ModelServer;

beforeAll(async () => {
  server = await startModelServer();
});

afterAll(() => server.close());

/** Records payloads on a meter that knows nothing but what they say. */
async function recorded(
  payloads: AsyncIterable<unknown> | Iterable<unknown>,
  options: UsageMeterOptions = {},
): Promise<Run> {
  const run = new Run({ sessionId: 'session-1' });
  const meter = new UsageMeter(run, options);
  for await (const payload of payloads) meter.record(payload);
  return run;
}

describe('the client of OpenAI', () => {
  const open = (): OpenAI => new OpenAI({ apiKey: 'none', baseURL: `${server.url}/v1` });
  const messages = [{ role: 'user' as const, content: 'Hi' }];

  it('gives a chat completion', async () => {
    const run = await recorded([await open().chat.completions.create({ model: 'gpt-5', messages })]);
    expect(run.tokenUsage).toMatchObject(COUNTERS);
    expect(run.costUsd).toBeCloseTo(COSTS['gpt-5'], 9);
  });

  it('gives two chat completions under one id, which are two', async () => {
    const client = open();
    const completion = await client.chat.completions.create({ model: 'gpt-5', messages });
    const run = await recorded([
      completion,
      await client.chat.completions.create({ model: 'gpt-5', messages }),
    ]);
    expect(run.tokenUsage).toMatchObject({ requests: 2, input_tokens: 2000 });
  });

  it('gives the chunks of a chat stream, of which the last has the usage', async () => {
    const stream = await open().chat.completions.create({
      model: 'gpt-5',
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    const run = await recorded(stream);
    expect(run.tokenUsage).toMatchObject(COUNTERS);
    expect(run.costUsd).toBeCloseTo(COSTS['gpt-5'], 9);
  });

  it('gives a response', async () => {
    const run = await recorded([await open().responses.create({ model: 'gpt-5', input: 'Hi' })]);
    expect(run.tokenUsage).toMatchObject(COUNTERS);
    expect(run.costUsd).toBeCloseTo(COSTS['gpt-5'], 9);
  });

  it('gives the events of a response, all of them', async () => {
    const stream = await open().responses.create({ model: 'gpt-5', input: 'Hi', stream: true });
    expect((await recorded(stream)).tokenUsage).toMatchObject(COUNTERS);
  });

  it('gives a promise until it is awaited, which is refused', async () => {
    const promise = open().chat.completions.create({ model: 'gpt-5', messages });
    await expect(recorded([Object.assign({ promise }, { usage: promise })])).rejects.toThrow('await');
    await promise;
  });
});

describe('the client of Anthropic', () => {
  const open = (): Anthropic => new Anthropic({ apiKey: 'none', baseURL: server.url });
  const request = {
    model: 'claude-sonnet-4-5',
    max_tokens: 100,
    messages: [{ role: 'user' as const, content: 'Hi' }],
  };

  it('gives a message', async () => {
    const run = await recorded([await open().messages.create(request)]);
    expect(run.tokenUsage).toMatchObject(WITHOUT_REASONING);
    expect(run.costUsd).toBeCloseTo(COSTS['claude-sonnet-4-5'], 9);
  });

  it('gives the events of a message and then the message, which count once', async () => {
    const stream = open().messages.stream(request);
    const payloads: unknown[] = [];
    for await (const event of stream) payloads.push(event);
    payloads.push(await stream.finalMessage());
    const run = await recorded(payloads);
    expect(run.tokenUsage).toMatchObject(WITHOUT_REASONING);
    expect(run.costUsd).toBeCloseTo(COSTS['claude-sonnet-4-5'], 9);
  });
});

/** What a run's record says of its usage. */
type Counted = ReturnType<Run['toJSON']>;

/** What a program has counted that runs outside the sandbox of these tests. */
async function counted(client: string): Promise<Pick<Counted, 'token_usage' | 'cost_usd'>> {
  const { output, errors } = await startProgram(join(__dirname, 'program.ts'), [client, server.url]).ended;
  if (output === '') throw new Error(errors);
  return JSON.parse(output) as Counted;
}

/** In a process of its own: its `fetch` is not to be had in the sandbox of these tests. */
describe('the client of Gemini', () => {
  it.each(['gemini', 'gemini-stream'])(
    '%s: gives the usage of a response, and of its chunks once',
    async (client) => {
      const { token_usage, cost_usd } = await counted(client);
      expect(token_usage).toMatchObject(COUNTERS);
      expect(cost_usd).toBeCloseTo(COSTS['gemini-2.5-pro'], 9);
    },
  );
});

/** Version 7 is a module that only `import` loads, and is made for Node 22. */
const itOnNode22 = Number(process.versions.node.split('.')[0]) >= 22 ? it : it.skip;

describe('the AI SDK', () => {
  it.each(['ai-6', 'ai-6-stream', 'ai-6-model'])(
    '%s: gives a result, a stream, and what a middleware sees',
    async (client) => {
      const { token_usage } = await counted(client);
      expect(token_usage).toMatchObject({
        ...COUNTERS,
        requests: 2,
        input_tokens: 2000,
        output_tokens: 100,
        total_tokens: 2100,
        cache_read_tokens: 1200,
        reasoning_tokens: 40,
      });
    },
  );

  itOnNode22.each(['ai-7', 'ai-7-stream', 'ai-7-model'])(
    '%s: gives a result, a stream, and what a middleware sees',
    async (client) => {
      const { token_usage } = await counted(client);
      expect(token_usage).toMatchObject({
        ...COUNTERS,
        requests: 2,
        input_tokens: 2000,
        output_tokens: 100,
        total_tokens: 2100,
        cache_read_tokens: 1200,
        reasoning_tokens: 40,
      });
    },
  );
});

describe('the client of Bedrock', () => {
  let bedrock: ModelServer;

  beforeAll(async () => {
    bedrock = await startModelServer('http2');
  });

  afterAll(() => bedrock.close());

  const open = (): BedrockRuntimeClient =>
    new BedrockRuntimeClient({
      region: 'us-east-1',
      endpoint: bedrock.url,
      credentials: { accessKeyId: 'none', secretAccessKey: 'none' },
    });
  const modelId = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';
  const messages = [{ role: 'user' as const, content: [{ text: 'Hi' }] }];

  it('gives a response of Converse', async () => {
    const client = open();
    const run = await recorded([await client.send(new ConverseCommand({ modelId, messages }))], {
      model: modelId,
    });
    expect(run.tokenUsage).toMatchObject(WITHOUT_REASONING);
    expect(run.costUsd).toBeGreaterThan(0);
    client.destroy();
  });

  it('gives the events of ConverseStream', async () => {
    const client = open();
    const { stream } = await client.send(new ConverseStreamCommand({ modelId, messages }));
    const run = await recorded(stream ?? [], { model: modelId });
    expect(run.tokenUsage).toMatchObject(WITHOUT_REASONING);
    client.destroy();
  });
});

describe('the OpenAI Agents SDK', () => {
  const agent = (): Agent => {
    const client = new OpenAI({ apiKey: 'none', baseURL: `${server.url}/v1` });
    return new Agent({ name: 'Clerk', model: new OpenAIResponsesModel(client, 'gpt-5') });
  };
  const runner = (): Runner => new Runner({ tracingDisabled: true });

  it('gives a result, whose state has the usage of all requests', async () => {
    const result = await runner().run(agent(), 'Hi');
    const run = await recorded([result], { provider: 'openai', model: 'gpt-5' });
    expect(run.tokenUsage).toMatchObject(COUNTERS);
    expect(run.costUsd).toBeCloseTo(COSTS['gpt-5'], 9);
  });

  it('gives the events of a stream, of which response_done has the usage', async () => {
    const result = await runner().run(agent(), 'Hi', { stream: true });
    const events: unknown[] = [];
    for await (const event of result) {
      if (event.type === 'raw_model_stream_event' && event.data.type === 'response_done') events.push(event);
    }
    const run = await recorded(events, { provider: 'openai', model: 'gpt-5' });
    expect(run.tokenUsage).toMatchObject(COUNTERS);
  });

  it('grows while it streams: the same state again adds its growth', async () => {
    const result = await runner().run(agent(), 'Hi', { stream: true });
    const run = new Run({ sessionId: 'session-1' });
    const meter = new UsageMeter(run, { provider: 'openai', model: 'gpt-5' });
    for await (const event of result) {
      if (event.type === 'raw_model_stream_event') meter.record(result.state.usage);
    }
    meter.record(result.state.usage);
    expect(run.tokenUsage).toMatchObject(COUNTERS);
  });
});

describe('the messages of LangChain', () => {
  const usage: UsageMetadata = {
    input_tokens: 1000,
    output_tokens: 50,
    total_tokens: 1050,
    input_token_details: { cache_read: 600 },
    output_token_details: { reasoning: 20 },
  };
  const message = (): AIMessage =>
    // The type of the fields depends on the content, and gives `never` for a text.
    new AIMessage({
      id: 'run-1',
      content: 'Hello',
      usage_metadata: usage,
      response_metadata: { model_name: 'gpt-5' },
    } as never);

  it('give what a model used, and which', async () => {
    const run = await recorded([message()]);
    expect(run.tokenUsage).toMatchObject(COUNTERS);
    expect(run.costUsd).toBeCloseTo(COSTS['gpt-5'], 9);
  });

  it('come again with each state of a graph, and count once', async () => {
    const run = await recorded([{ messages: [message()] }, { messages: [message()] }]);
    expect(run.tokenUsage).toMatchObject(COUNTERS);
  });

  it('say it as JSON too', async () => {
    const run = await recorded([JSON.parse(JSON.stringify(message()))]);
    expect(run.tokenUsage).toMatchObject(COUNTERS);
  });

  it('come in pieces that add up', async () => {
    const chunk = (input: number, output: number): AIMessageChunk =>
      new AIMessageChunk({
        id: 'run-1',
        content: '',
        usage_metadata: { input_tokens: input, output_tokens: output, total_tokens: input + output } as never,
      });
    const run = await recorded([chunk(1000, 5), chunk(0, 45)], { model: 'gpt-5' });
    expect(run.tokenUsage).toMatchObject({ input_tokens: 1000, output_tokens: 50 });
  });
});
