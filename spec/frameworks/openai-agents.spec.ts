import { setTimeout as pause } from 'node:timers/promises';
import { Agent, handoff, Runner, RunState, tool, Usage } from '@openai/agents';
import type { Model, ModelProvider } from '@openai/agents';
import type { ScriptedModelInput } from '@openai/agents/testing';
import {
  assistantMessage,
  functionCall,
  modelError,
  modelResponder,
  modelResponse,
  modelStreamResponder,
  ScriptedModel,
} from '@openai/agents/testing';
import { z } from 'zod';
import { Run } from 'agent-run';
import { recordRunner } from 'agent-run/openai-agents';
import { UsageMeter } from 'agent-run/usage';
import { recordedEvents } from './recorded-events';

type Output = Parameters<typeof modelResponse>[0];

/** 200 x 1.25 + 800 x 0.125 + 100 x 10 dollars per million. */
const PRICE = 0.00135;

function usage(): Usage {
  return new Usage({
    requests: 1,
    inputTokens: 1000,
    outputTokens: 100,
    totalTokens: 1100,
    inputTokensDetails: { cached_tokens: 800 },
    outputTokensDetails: { reasoning_tokens: 40 },
  });
}

function response(item: ReturnType<typeof assistantMessage> | ReturnType<typeof functionCall>): Output {
  return { usage: usage(), output: [item] };
}

const says = (text: string): ScriptedModelInput => modelResponse(response(assistantMessage(text)));
const calls = (name: string, input: object = {}, callId = `call-${name}`): ScriptedModelInput =>
  modelResponse(response(functionCall(name, { ...input }, { callId })));

const weather = tool({
  name: 'weather',
  description: 'The weather in a city',
  parameters: z.object({ city: z.string() }),
  execute: ({ city }) => `Snow in ${city}`,
});

const newRun = (): Run => new Run({ sessionId: 's' });
const newRunner = (model?: Model, modelProvider?: ModelProvider): Runner =>
  new Runner({
    tracingDisabled: true,
    ...(model === undefined ? {} : { model }),
    ...(modelProvider === undefined ? {} : { modelProvider }),
  });

/** Gives a scripted model for each name. */
function providerOf(models: Record<string, ScriptedModel>): ModelProvider {
  return { getModel: (name) => models[name ?? ''] as Model };
}

const PRICED = { provider: 'openai', model: 'gpt-5' };

describe('recordRunner', () => {
  const takenBack: (() => void)[] = [];
  function record(runner: Runner, options: Parameters<typeof recordRunner>[1] = PRICED): Runner {
    takenBack.push(recordRunner(runner, options));
    return runner;
  }
  afterEach(() => {
    for (const takeBack of takenBack.splice(0)) takeBack();
  });

  it('counts a turn, usage and cost of each response as it comes, and keeps tools as steps', async () => {
    const run = newRun();
    const events = recordedEvents(run);
    const model = new ScriptedModel([calls('weather', { city: 'Oslo' }), says('Snow')]);
    const runner = record(newRunner());
    const agent = new Agent({ name: 'Clerk', model, tools: [weather] });
    const seen: unknown[] = [];
    run.on('usageUpdated', ({ costUsd }) => seen.push(costUsd));
    await run.execute(async ({ signal }) => {
      const { finalOutput } = await runner.run(agent, 'Weather?', { signal });
      return { finalOutput: finalOutput ?? null };
    });
    expect(run.output).toEqual({ finalOutput: 'Snow' });
    expect(run.turnCount).toBe(2);
    expect(run.tokenUsage).toEqual({
      requests: 2,
      input_tokens: 2000,
      output_tokens: 200,
      cache_read_tokens: 1600,
      reasoning_tokens: 80,
      total_tokens: 2200,
    });
    expect(seen).toEqual([PRICE, 2 * PRICE]);
    expect(events.steps).toEqual([
      { index: 1, parent: null, name: 'weather', kind: 'tool', input: { city: 'Oslo' }, status: 'completed' },
    ]);
  });

  it('counts what is streamed', async () => {
    const run = newRun();
    const events = recordedEvents(run);
    const model = new ScriptedModel([calls('weather', { city: 'Oslo' }), says('Snow')]);
    const runner = record(newRunner());
    const agent = new Agent({ name: 'Clerk', model, tools: [weather] });
    const seen: unknown[] = [];
    run.on('usageUpdated', ({ costUsd }) => seen.push(costUsd));
    await run.execute(async ({ signal }) => {
      const result = await runner.run(agent, 'Weather?', { signal, stream: true });
      for await (const event of result) expect(event.type).toBeDefined();
      await result.completed;
    });
    expect(run.turnCount).toBe(2);
    expect(run.tokenUsage).toMatchObject({ requests: 2, input_tokens: 2000 });
    expect(seen).toEqual([PRICE, 2 * PRICE]);
    expect(events.steps).toEqual([expect.objectContaining({ name: 'weather', status: 'completed' })]);
  });

  it('keeps what a tool gives on request', async () => {
    const run = newRun();
    const events = recordedEvents(run);
    const model = new ScriptedModel([calls('weather', { city: 'Oslo' }), says('Snow')]);
    const runner = record(newRunner(), { ...PRICED, outputs: true });
    const agent = new Agent({ name: 'Clerk', model, tools: [weather] });
    await run.execute(() => runner.run(agent, 'Weather?').then(() => null));
    expect(events.steps).toEqual([expect.objectContaining({ output: { value: 'Snow in Oslo' } })]);
  });

  it('counts a model of a provider that gives it late, under each name that it is asked for by', async () => {
    const run = newRun();
    const model = new ScriptedModel([says('One'), says('Two')]);
    const runner = newRunner(undefined, { getModel: () => Promise.resolve(model) });
    record(runner, { provider: 'openai' });
    await run.execute(async () => {
      await runner.run(new Agent({ name: 'Clerk', model: 'gpt-5' }), 'Hi');
      await runner.run(new Agent({ name: 'Clerk', model: 'gpt-5-mini' }), 'Hi');
    });
    expect(Object.keys(new UsageMeter(run).byModel())).toEqual(['gpt-5', 'gpt-5-mini']);
    expect(run.tokenUsage).toMatchObject({ requests: 2, input_tokens: 2000 });
  });

  it('leaves a provider and its models what they are but for the counting', async () => {
    class Provider implements ModelProvider {
      readonly region = 'eu';
      readonly #model: Model = new ScriptedModel([says('Hi')]);
      #closed = false;
      getModel(): Model {
        return this.#model;
      }
      close(): boolean {
        return (this.#closed = !this.#closed);
      }
    }
    const runner = newRunner(undefined, new Provider());
    record(runner);
    const counting = runner.config.modelProvider as Provider;
    expect(counting.region).toBe('eu');
    expect(counting.close()).toBe(true);
    expect((counting.getModel() as ScriptedModel).calls).toEqual([]);
    const run = newRun();
    await run.execute(() => runner.run(new Agent({ name: 'Clerk', model: 'gpt-5' }), 'Hi').then(() => null));
    expect(run.tokenUsage).toMatchObject({ requests: 1 });
  });

  it('counts by the model that a response names, under its id', async () => {
    const run = newRun();
    const model = new ScriptedModel([
      modelResponse({
        usage: usage(),
        output: [assistantMessage('Hi')],
        responseId: 'resp-1',
        providerData: { model: 'gpt-5-mini' },
      }),
    ]);
    const runner = record(newRunner());
    await run.execute(() => runner.run(new Agent({ name: 'Clerk', model }), 'Hi').then(() => null));
    expect(Object.keys(new UsageMeter(run).byModel())).toEqual(['gpt-5-mini']);
    const beside = { usage: { prompt_tokens: 1000, completion_tokens: 100, total_tokens: 1100 } };
    new UsageMeter(run, PRICED).record(beside, { requestId: 'resp-1' });
    expect(run.tokenUsage).toMatchObject({ requests: 1, input_tokens: 1000 });
  });

  it('counts a response that has only read', async () => {
    const run = newRun();
    const read = new Usage({ requests: 1, inputTokens: 1000, outputTokens: 0, totalTokens: 1000 });
    const model = new ScriptedModel([modelResponse({ usage: read, output: [assistantMessage('')] })]);
    const runner = record(newRunner());
    await run.execute(() => runner.run(new Agent({ name: 'Clerk', model }), 'Hi').then(() => null));
    expect(run.tokenUsage).toEqual({ requests: 1, input_tokens: 1000, output_tokens: 0, total_tokens: 1000 });
  });

  describe('of a model that asks another', () => {
    /** Asks the model. */
    const routing = (model: Model): Model => ({
      getResponse: (request) => model.getResponse(request),
      getStreamedResponse: (request) => model.getStreamedResponse(request),
    });

    it.each([false, true])('counts one call, streamed: %j', async (stream) => {
      const run = newRun();
      const inner = new ScriptedModel([says('Hi')]);
      const agent = new Agent({ name: 'Clerk', model: routing(inner) });
      // The runner's own model counts too.
      const runner = record(newRunner(inner));
      await run.execute(async () => {
        if (!stream) return runner.run(agent, 'Hi').then(() => null);
        const result = await runner.run(agent, 'Hi', { stream });
        for await (const event of result) expect(event).toBeDefined();
        return null;
      });
      expect(run.turnCount).toBe(1);
      expect(run.tokenUsage).toMatchObject({ requests: 1, input_tokens: 1000 });
    });

    it('lets somebody else ask it meanwhile, uncounted', async () => {
      const run = newRun();
      const model = new ScriptedModel([says('Mine'), says('Theirs'), says('Streamed')]);
      const request = { input: 'Hi', modelSettings: {}, tools: [] } as unknown as Parameters<
        Model['getResponse']
      >[0];
      let ask = (): void => undefined;
      const asked = new Promise<void>((resolve) => {
        ask = resolve;
      }).then(async () => {
        const { output } = await model.getResponse(request);
        const events = [];
        for await (const { type } of model.getStreamedResponse(request)) events.push(type);
        return [output.length, events.at(-1)];
      });
      const asking = tool({
        name: 'wait',
        description: 'Waits for somebody else',
        parameters: z.object({}),
        execute: async () => {
          ask();
          return JSON.stringify(await asked);
        },
      });
      model.enqueue(says('Done'));
      const first = new ScriptedModel([calls('wait')]);
      const agent = new Agent({ name: 'Clerk', model: first, tools: [asking] });
      const runner = record(newRunner(model));
      first.enqueue(says('End'));
      await run.execute(() => runner.run(agent, 'Hi').then(() => null));
      expect(await asked).toEqual([1, 'response_done']);
      expect(run.turnCount).toBe(2);
      expect(run.tokenUsage).toMatchObject({ requests: 2 });
    });
  });

  it('counts models by the names that a provider is asked for', async () => {
    const run = newRun();
    const runner = newRunner(undefined, providerOf({ 'gpt-5': new ScriptedModel([says('Hi')]) }));
    record(runner, { provider: 'openai' });
    await run.execute(() => runner.run(new Agent({ name: 'Clerk', model: 'gpt-5' }), 'Hi').then(() => null));
    expect(run.costUsd).toBe(PRICE);
    expect(Object.keys(new UsageMeter(run).byModel())).toEqual(['gpt-5']);
  });

  it('counts the model of the runner itself', async () => {
    const run = newRun();
    const runner = record(newRunner(new ScriptedModel([says('Hi')])));
    await run.execute(() => runner.run(new Agent({ name: 'Clerk' }), 'Hi').then(() => null));
    expect(run.tokenUsage).toMatchObject({ requests: 1, input_tokens: 1000 });
  });

  it('keeps a hand-off as a step named after the agent', async () => {
    const run = newRun();
    const events = recordedEvents(run);
    const expert = new Agent({ name: 'Expert', model: new ScriptedModel([says('Done')]) });
    for (const handoffs of [[expert], [handoff(expert)]]) {
      const model = new ScriptedModel([calls('transfer_to_Expert')]);
      (expert.model as ScriptedModel).enqueue(says('Done'));
      const agent = new Agent({ name: 'Clerk', model, handoffs });
      const runner = record(newRunner());
      const counted = newRun();
      await counted.execute(() => runner.run(agent, 'Hi').then(() => null));
      expect(counted.tokenUsage).toMatchObject({ requests: 2 });
      takenBack.splice(0).forEach((takeBack) => takeBack());
    }
    const runner = record(newRunner());
    const agent = new Agent({
      name: 'Clerk',
      model: new ScriptedModel([calls('transfer_to_Expert')]),
      handoffs: [expert],
    });
    await run.execute(() => runner.run(agent, 'Hi').then(() => null));
    expect(run.turnCount).toBe(2);
    expect(run.tokenUsage).toMatchObject({ requests: 2 });
    expect(events.steps).toEqual([
      {
        index: 1,
        parent: null,
        name: 'Expert',
        kind: 'handoff',
        input: { from: 'Clerk' },
        status: 'completed',
      },
    ]);
  });

  it.each(['by name', 'as an object'])(
    'counts an agent that is used as a tool under its own model, given %s, its tools below it',
    async (how) => {
      const run = newRun();
      const events = recordedEvents(run);
      const inner = new ScriptedModel([calls('weather', { city: 'Oslo' }, 'call-1'), says('Snow')]);
      const outer = new ScriptedModel([calls('ask_expert', { input: 'Weather?' }, 'call-1'), says('Snow')]);
      const provider = providerOf({ 'gpt-5': outer, 'gpt-5-mini': inner });
      const expert = new Agent({
        name: 'Expert',
        model: how === 'by name' ? 'gpt-5-mini' : inner,
        tools: [weather],
      });
      const agent = new Agent({
        name: 'Clerk',
        model: 'gpt-5',
        tools: [expert.asTool({ toolName: 'ask_expert', toolDescription: 'Asks' })],
      });
      const runner = record(newRunner(undefined, provider), { provider: 'openai' });
      await run.execute(() => runner.run(agent, 'Hi').then(() => null));
      expect(run.turnCount).toBe(4);
      expect(run.tokenUsage).toMatchObject({ requests: 4, input_tokens: 4000 });
      const models = new UsageMeter(run).byModel();
      const name = how === 'by name' ? 'gpt-5-mini' : 'unknown';
      expect(Object.keys(models).sort()).toEqual(['gpt-5', name]);
      expect(models[name]?.tokenUsage).toMatchObject({ requests: 2, input_tokens: 2000 });
      expect(events.steps.map(({ index, parent, name: step }) => [index, parent, step])).toEqual([
        [2, 1, 'weather'],
        [1, null, 'ask_expert'],
      ]);
    },
  );

  it('counts once what is interrupted for an approval, turned into text and resumed', async () => {
    const dangerous = tool({
      name: 'send_mail',
      description: 'Sends',
      parameters: z.object({ to: z.string() }),
      needsApproval: true,
      execute: ({ to }) => `Sent to ${to}`,
    });
    const agentOf = (...script: ScriptedModelInput[]): Agent =>
      new Agent({ name: 'Clerk', model: new ScriptedModel(script), tools: [dangerous] });
    const run = newRun();
    const events = recordedEvents(run);
    const first = agentOf(calls('send_mail', { to: 'ada' }));
    const runner = record(newRunner());
    let text = '';
    await run.execute(async () => {
      const result = await runner.run(first, 'Write to Ada');
      expect(result.interruptions).toHaveLength(1);
      text = result.state.toString();
      expect(run.tokenUsage).toMatchObject({ requests: 1, input_tokens: 1000 });
      const second = agentOf(says('Done'));
      const state = await RunState.fromString(second, text);
      state.approve(state.getInterruptions()[0]!);
      const resumed = await runner.run(second, state);
      expect(resumed.finalOutput).toBe('Done');
    });
    expect(run.tokenUsage).toMatchObject({ requests: 2, input_tokens: 2000 });
    expect(run.turnCount).toBe(2);
    expect(events.steps).toEqual([
      expect.objectContaining({ name: 'send_mail', input: { to: 'ada' }, status: 'completed' }),
    ]);
  });

  it('keeps runs that stand side by side apart', async () => {
    const runner = record(newRunner());
    const runs = await Promise.all(
      [1, 2, 3].map(async (count) => {
        const run = newRun();
        const events = recordedEvents(run);
        const script = Array.from({ length: count }, (_, index) =>
          calls('weather', { city: 'Oslo' }, `c${index}`),
        );
        const agent = new Agent({
          name: 'Clerk',
          model: new ScriptedModel([...script, says('Done')]),
          tools: [weather],
        });
        await run.execute(() => runner.run(agent, 'Hi').then(() => null));
        return [run.turnCount, run.tokenUsage.requests, events.steps.length];
      }),
    );
    expect(runs).toEqual([
      [2, 2, 1],
      [3, 3, 2],
      [4, 4, 3],
    ]);
  });

  it('puts tools that are called at once side by side', async () => {
    const run = newRun();
    const events = recordedEvents(run);
    const output = ['Oslo', 'Rome'].map((city) => functionCall('weather', { city }, { callId: city }));
    const model = new ScriptedModel([modelResponse({ usage: usage(), output }), says('Done')]);
    const runner = record(newRunner());
    const agent = new Agent({ name: 'Clerk', model, tools: [weather] });
    await run.execute(() => runner.run(agent, 'Hi').then(() => null));
    expect(events.steps.map(({ parent, input }) => [parent, input])).toEqual([
      [null, { city: 'Oslo' }],
      [null, { city: 'Rome' }],
    ]);
  });

  it('fails the step of a tool that throws, and goes on as the SDK does', async () => {
    const run = newRun();
    const events = recordedEvents(run);
    const broken = tool({
      name: 'broken',
      description: 'Breaks',
      parameters: z.object({}),
      execute: () => Promise.reject(new Error('No network')),
    });
    const model = new ScriptedModel([calls('broken'), says('Sorry')]);
    const runner = record(newRunner());
    await run.execute(() =>
      runner.run(new Agent({ name: 'Clerk', model, tools: [broken] }), 'Hi').then(() => null),
    );
    expect(run.status).toBe('completed');
    expect(events.steps).toEqual([expect.objectContaining({ name: 'broken', status: 'failed' })]);
  });

  describe('of a call whose usage is not known', () => {
    const LOST = { requests: 1, unpriced_requests: 1 };

    it.each(['plain', 'streamed'])(
      'counts one request without a price where it is aborted, %s',
      async (how) => {
        const run = newRun();
        const page = new AbortController();
        const never = async (signal: AbortSignal | undefined): Promise<never> => {
          setImmediate(() => page.abort(new Error('The user has left')));
          return pause(60_000, undefined as never, { signal });
        };
        const model = new ScriptedModel([
          how === 'plain'
            ? modelResponder(({ request }) => never(request.signal))
            : modelStreamResponder(async function* ({ request }) {
                yield { type: 'output_text_delta', delta: 'Hel' } as const;
                yield await never(request.signal);
              } as Parameters<typeof modelStreamResponder>[0]),
        ]);
        const runner = record(newRunner());
        const agent = new Agent({ name: 'Clerk', model });
        const ended = run.execute(
          async ({ signal }) => {
            if (how === 'plain') return runner.run(agent, 'Hi', { signal }).then(() => null);
            const result = await runner.run(agent, 'Hi', { signal, stream: true });
            for await (const event of result) expect(event).toBeDefined();
            return null;
          },
          { signal: page.signal },
        );
        await expect(ended).rejects.toMatchObject({ code: 'cancelled' });
        expect(run.turnCount).toBe(1);
        expect(run.tokenUsage).toEqual(LOST);
      },
    );

    it('counts one where the provider reports nothing', async () => {
      const run = newRun();
      const runner = record(newRunner());
      const model = new ScriptedModel([[assistantMessage('Hi')]]);
      await run.execute(() => runner.run(new Agent({ name: 'Clerk', model }), 'Hi').then(() => null));
      expect(run.tokenUsage).toEqual(LOST);
    });

    it.each([
      ['breaks', LOST, true],
      ['is refused', {}, false],
    ])('counts what a stream that %s has used: %j', async (_how, used, hasBegun) => {
      const run = newRun();
      const model = new ScriptedModel([
        modelStreamResponder(async function* () {
          await pause(0);
          if (hasBegun) yield { type: 'output_text_delta', delta: 'Hel' } as const;
          throw new Error('Reset');
        } as Parameters<typeof modelStreamResponder>[0]),
      ]);
      const runner = record(newRunner());
      const ended = run.execute(async () => {
        const result = await runner.run(new Agent({ name: 'Clerk', model }), 'Hi', { stream: true });
        for await (const event of result) expect(event).toBeDefined();
        await result.completed;
      });
      await expect(ended).rejects.toThrow('Reset');
      expect(run.tokenUsage).toEqual(used);
    });

    it('counts one where nobody reads a stream on, and tells the model so', async () => {
      const run = newRun();
      let isLeft = false;
      const model: Model = {
        getResponse: () => Promise.reject(new Error('Not asked')),
        async *getStreamedResponse() {
          try {
            yield { type: 'output_text_delta', delta: 'Hel' };
            await pause(0);
            yield { type: 'output_text_delta', delta: 'lo' };
          } finally {
            isLeft = true;
          }
        },
      };
      const runner = newRunner(undefined, { getModel: () => model });
      record(runner);
      const reading = {
        getResponse: model.getResponse,
        async *getStreamedResponse(request: Parameters<Model['getStreamedResponse']>[0]) {
          const counting = await runner.config.modelProvider.getModel('gpt-5');
          for await (const event of counting.getStreamedResponse(request)) {
            yield event;
            break;
          }
          throw new Error('Enough');
        },
      };
      const agent = new Agent({ name: 'Clerk', model: reading });
      const ended = run.execute(async () => {
        const result = await runner.run(agent, 'Hi', { stream: true });
        for await (const event of result) expect(event).toBeDefined();
        await result.completed;
      });
      await expect(ended).rejects.toThrow('Enough');
      expect(isLeft).toBe(true);
      expect(run.tokenUsage).toEqual(LOST);
    });

    it('counts none where the provider refuses the call', async () => {
      const run = newRun();
      const runner = record(newRunner());
      const model = new ScriptedModel([modelError(new Error('401'))]);
      const ended = run.execute(() => runner.run(new Agent({ name: 'Clerk', model }), 'Hi').then(() => null));
      await expect(ended).rejects.toThrow('401');
      expect(run.status).toBe('failed');
      expect(run.tokenUsage).toEqual({});
    });
  });

  describe('stops', () => {
    it('before the call for which nothing is left of a limit', async () => {
      const run = newRun();
      const runner = record(newRunner());
      const model = new ScriptedModel([calls('weather', { city: 'Oslo' }), says('Never asked')]);
      const ended = run.execute(
        () => runner.run(new Agent({ name: 'Clerk', model, tools: [weather] }), 'Hi').then(() => null),
        { limits: { maxTurns: 1 } },
      );
      await expect(ended).rejects.toMatchObject({ code: 'limit_exceeded' });
      expect(model.calls).toHaveLength(1);
      expect(run.turnCount).toBe(1);
    });

    it('before the streamed call for which nothing is left of a limit', async () => {
      const run = newRun();
      const runner = record(newRunner());
      const model = new ScriptedModel([calls('weather', { city: 'Oslo' }), says('Never asked')]);
      const ended = run.execute(
        async ({ signal }) => {
          const agent = new Agent({ name: 'Clerk', model, tools: [weather] });
          const result = await runner.run(agent, 'Hi', { signal, stream: true });
          for await (const event of result) expect(event.type).toBeDefined();
          await result.completed;
          return null;
        },
        { limits: { maxTurns: 1 } },
      );
      await expect(ended).rejects.toMatchObject({ code: 'limit_exceeded' });
      expect(run.status).toBe('failed');
      expect(model.calls).toHaveLength(1);
    });

    it('in a tool, when the time is over: its step is cancelled', async () => {
      const run = newRun();
      const events = recordedEvents(run);
      const slow = tool({
        name: 'slow',
        description: 'Slow',
        parameters: z.object({}),
        execute: (_input, _context, details) => pause(60_000, 'late', { signal: details?.signal }),
      });
      const model = new ScriptedModel([calls('slow')]);
      const runner = record(newRunner());
      const ended = run.execute(
        ({ signal }) =>
          runner.run(new Agent({ name: 'Clerk', model, tools: [slow] }), 'Hi', { signal }).then(() => null),
        { timeoutMs: 80 },
      );
      await expect(ended).rejects.toMatchObject({ code: 'timeout' });
      expect(events.steps).toEqual([expect.objectContaining({ name: 'slow', status: 'cancelled' })]);
      expect(run.tokenUsage).toMatchObject({ requests: 1, input_tokens: 1000 });
    });
  });

  it('counts for a run that it was handed, and does nothing outside', async () => {
    const run = newRun();
    const model = new ScriptedModel([says('One'), says('Two')]);
    const agent = new Agent({ name: 'Clerk', model });
    const takeBack = recordRunner(newRunner(), PRICED);
    takeBack();
    const handed = record(newRunner(), { ...PRICED, run });
    await handed.run(agent, 'Hi');
    expect(run.tokenUsage).toMatchObject({ requests: 1 });
    const silent = record(newRunner());
    const { finalOutput } = await silent.run(agent, 'Hi');
    expect(finalOutput).toBe('Two');
    expect(run.turnCount).toBe(1);
  });

  it('leaves tools, hand-offs and models alone outside a run', async () => {
    const expert = new Agent({ name: 'Expert', model: new ScriptedModel([says('Done')]) });
    const model = new ScriptedModel([
      calls('weather', { city: 'Oslo' }),
      modelResponder(() => {
        expect(Object.hasOwn(model, 'getResponse')).toBe(false);
        return response(functionCall('transfer_to_Expert', {}, { callId: 'c' }));
      }),
    ]);
    const runner = record(newRunner());
    const agent = new Agent({ name: 'Clerk', model, tools: [weather], handoffs: [expert] });
    expect((await runner.run(agent, 'Hi')).finalOutput).toBe('Done');
  });

  it('reaches agents that hand off to one another', async () => {
    const run = newRun();
    const clerk = new Agent({ name: 'Clerk', model: new ScriptedModel([calls('transfer_to_Expert')]) });
    const expert = new Agent({
      name: 'Expert',
      model: new ScriptedModel([calls('transfer_to_Clerk')]),
      handoffs: [clerk],
    });
    clerk.handoffs.push(expert);
    (clerk.model as ScriptedModel).enqueue(says('Done'));
    const runner = record(newRunner());
    await run.execute(() => runner.run(clerk, 'Hi').then(() => null));
    expect(run.tokenUsage).toMatchObject({ requests: 3 });
  });

  it('leaves it to the SDK to refuse what is no agent', async () => {
    const runner = newRunner();
    for (const agent of [null, 'Clerk', 7]) {
      const refused = async (): Promise<unknown> =>
        runner.run(agent as never, 'Hi').then(
          () => 'taken',
          (error: unknown) => String(error),
        );
      const before = await refused();
      const takeBack = recordRunner(runner, PRICED);
      await newRun().execute(async () => {
        expect(await refused()).toBe(before);
      });
      takeBack();
    }
  });

  it('counts for each of two runners, whichever is taken back first', async () => {
    const before = Object.getOwnPropertyDescriptor(Runner.prototype, 'run');
    class OwnRunner extends Runner {}
    const [one, other] = [newRunner(), new OwnRunner({ tracingDisabled: true })];
    const model = new ScriptedModel([says('One'), says('Two'), says('Three')]);
    const agent = new Agent({ name: 'Clerk', model });
    const takeOneBack = recordRunner(one, PRICED);
    const takeOtherBack = recordRunner(other, PRICED);
    const run = newRun();
    await run.execute(async () => {
      await other.run(agent, 'Hi');
      takeOneBack();
      takeOneBack();
      await one.run(agent, 'Hi');
      expect(run.turnCount).toBe(1);
      await other.run(agent, 'Hi');
    });
    expect(run.turnCount).toBe(2);
    takeOtherBack();
    expect(Object.getOwnPropertyDescriptor(Runner.prototype, 'run')).toEqual(before);
  });

  it('leaves what others have put around a runner or a model since', async () => {
    const before = Object.getOwnPropertyDescriptor(Runner.prototype, 'run')!;
    const runner = newRunner(undefined, providerOf({}));
    const takeBack = recordRunner(runner, PRICED);
    const theirs = function (this: Runner, ...parameters: unknown[]): unknown {
      return Reflect.apply(patched, this, parameters) as unknown;
    };
    const patched = Object.getOwnPropertyDescriptor(Runner.prototype, 'run')?.value as () => unknown;
    Object.defineProperty(Runner.prototype, 'run', { ...before, value: theirs });
    const provider = providerOf({});
    runner.config.modelProvider = provider;
    const around: Model['getResponse'] = () => Promise.reject(new Error('Theirs'));
    const model: Model = new ScriptedModel([
      modelResponder(() => {
        model.getResponse = around;
        Reflect.deleteProperty(model, 'getStreamedResponse');
        return response(assistantMessage('Hi'));
      }),
    ]);
    const run = newRun();
    try {
      await run.execute(() => runner.run(new Agent({ name: 'Clerk', model }), 'Hi').then(() => null));
      takeBack();
      expect(Object.getOwnPropertyDescriptor(Runner.prototype, 'run')?.value).toBe(theirs);
    } finally {
      Object.defineProperty(Runner.prototype, 'run', before);
    }
    expect(run.turnCount).toBe(1);
    expect(runner.config.modelProvider).toBe(provider);
    expect(model.getResponse).toBe(around);
    expect(Object.hasOwn(model, 'getStreamedResponse')).toBe(false);
  });

  it('gives a model its own methods back', async () => {
    const scripted = new ScriptedModel([says('Hi')]);
    const getResponse: Model['getResponse'] = (request) => scripted.getResponse(request);
    const getStreamedResponse: Model['getStreamedResponse'] = (request) =>
      scripted.getStreamedResponse(request);
    const model: Model = { getResponse, getStreamedResponse };
    const runner = record(newRunner());
    const run = newRun();
    await run.execute(() => runner.run(new Agent({ name: 'Clerk', model }), 'Hi').then(() => null));
    expect(run.turnCount).toBe(1);
    expect({ ...model }).toEqual({ getResponse, getStreamedResponse });
    expect(model.getResponse).toBe(getResponse);
  });

  it('is taken back without a trace', async () => {
    const before = Object.getOwnPropertyDescriptor(Runner.prototype, 'run');
    const provider = providerOf({});
    const runner = newRunner(undefined, provider);
    const model = new ScriptedModel([says('One'), says('Two')]);
    const agent = new Agent({ name: 'Clerk', model });
    const takeBack = recordRunner(runner, PRICED);
    const run = newRun();
    await run.execute(async () => {
      await runner.run(agent, 'Hi');
      takeBack();
      await runner.run(agent, 'Hi');
    });
    expect(run.turnCount).toBe(1);
    expect(runner.config.modelProvider).toBe(provider);
    expect(Object.getOwnPropertyDescriptor(Runner.prototype, 'run')).toEqual(before);
    expect(Object.getOwnPropertyNames(model)).not.toContain('getResponse');
    expect(Object.keys(runner)).not.toContain('run');
    const emitter = (runner as unknown as { eventEmitter: { eventNames(): unknown[] } }).eventEmitter;
    expect(emitter.eventNames()).toEqual([]);
    takeBack();
  });

  it('refuses what is no runner, options that it does not know, and a runner that is recorded', () => {
    const fn = (): void => undefined;
    const config = { modelProvider: providerOf({}) };
    const shape = { run: fn, on: fn, off: fn, config };
    for (const other of [
      {},
      { ...shape, run: undefined },
      { ...shape, on: 'on' },
      { ...shape, off: undefined },
      { ...shape, config: undefined },
      { ...shape, config: {} },
    ]) {
      expect(() => recordRunner(other as never)).toThrow('must be a Runner');
    }
    expect(() => recordRunner(newRunner(), { modle: 'x' } as object)).toThrow('modle');
    const runner = record(newRunner());
    expect(() => recordRunner(runner)).toThrow('recorded already');
  });
});
