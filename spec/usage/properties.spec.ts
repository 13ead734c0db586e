import fc from 'fast-check';
import type { RunError } from 'agent-run';
import { Run } from 'agent-run';
import type { UsageFormat, UsageFormatName, UsageReading } from 'agent-run/usage';
import { UsageMeter } from 'agent-run/usage';
import { chat, metered, reread } from './subjects';

/** One request in disjoint parts. */
interface Work {
  readonly fresh: number;
  readonly read: number;
  readonly written: number;
  readonly text: number;
  readonly reasoning: number;
}

const tokens = fc.nat(1_000_000);
const anyWork: fc.Arbitrary<Work> = fc.record({
  fresh: tokens,
  read: tokens,
  written: tokens,
  text: tokens,
  reasoning: tokens,
});

/** The same work as each producer reports it. */
const SHAPES: Readonly<Record<UsageFormatName, (work: Work) => object>> = {
  'openai-chat': ({ fresh, read, written, text, reasoning }) => ({
    prompt_tokens: fresh + read + written,
    completion_tokens: text + reasoning,
    total_tokens: fresh + read + written + text + reasoning,
    prompt_tokens_details: { cached_tokens: read, cache_write_tokens: written },
    completion_tokens_details: { reasoning_tokens: reasoning },
  }),
  'openai-responses': ({ fresh, read, written, text, reasoning }) => ({
    input_tokens: fresh + read + written,
    input_tokens_details: { cached_tokens: read, cache_write_tokens: written },
    output_tokens: text + reasoning,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: fresh + read + written + text + reasoning,
  }),
  anthropic: ({ fresh, read, written, text, reasoning }) => ({
    input_tokens: fresh,
    cache_read_input_tokens: read,
    cache_creation_input_tokens: written,
    output_tokens: text + reasoning,
    output_tokens_details: { thinking_tokens: reasoning },
  }),
  gemini: ({ fresh, read, written, text, reasoning }) => ({
    promptTokenCount: fresh + read + written,
    candidatesTokenCount: text,
    thoughtsTokenCount: reasoning,
    cachedContentTokenCount: read,
    totalTokenCount: fresh + read + written + text + reasoning,
  }),
  'ai-sdk': ({ fresh, read, written, text, reasoning }) => ({
    inputTokens: fresh + read + written,
    inputTokenDetails: { noCacheTokens: fresh, cacheReadTokens: read, cacheWriteTokens: written },
    outputTokens: text + reasoning,
    outputTokenDetails: { textTokens: text, reasoningTokens: reasoning },
    totalTokens: fresh + read + written + text + reasoning,
  }),
  'claude-result': ({ fresh, read, written, text, reasoning }) => ({
    total_cost_usd: 1,
    modelUsage: {
      house: {
        inputTokens: fresh,
        outputTokens: text + reasoning,
        cacheReadInputTokens: read,
        cacheCreationInputTokens: written,
        costUSD: 1,
      },
    },
  }),
  codex: ({ fresh, read, written, text, reasoning }) => ({
    input_tokens: fresh + read + written,
    cached_input_tokens: read,
    cache_write_input_tokens: written,
    output_tokens: text + reasoning,
    reasoning_output_tokens: reasoning,
  }),
  bedrock: ({ fresh, read, written, text, reasoning }) => ({
    inputTokens: fresh,
    outputTokens: text + reasoning,
    totalTokens: fresh + text + reasoning,
    cacheReadInputTokens: read,
    cacheWriteInputTokens: written,
  }),
  'openai-agents': ({ fresh, read, written, text, reasoning }) => ({
    requests: 1,
    inputTokens: fresh + read + written,
    outputTokens: text + reasoning,
    totalTokens: fresh + read + written + text + reasoning,
    inputTokensDetails: [{ cached_tokens: read, cache_write_tokens: written }],
    outputTokensDetails: [{ reasoning_tokens: reasoning }],
  }),
  langchain: ({ fresh, read, written, text, reasoning }) => ({
    usage_metadata: {
      input_tokens: fresh + read + written,
      output_tokens: text + reasoning,
      total_tokens: fresh + read + written + text + reasoning,
      input_token_details: { cache_read: read, cache_creation: written },
      output_token_details: { reasoning },
    },
  }),
  mistral: ({ fresh, read, written, text, reasoning }) => ({
    promptTokens: fresh + read + written,
    completionTokens: text + reasoning,
    totalTokens: fresh + read + written + text + reasoning,
    prompt_tokens_details: { cached_tokens: read },
    completion_tokens_details: { reasoning_tokens: reasoning },
  }),
  cohere: ({ fresh, read, written, text, reasoning }) => ({
    tokens: { inputTokens: fresh + read + written, outputTokens: text + reasoning },
    cachedTokens: read,
  }),
  ollama: ({ fresh, read, written, text, reasoning }) => ({
    prompt_eval_count: fresh + read + written,
    eval_count: text + reasoning,
  }),
  opencode: ({ fresh, read, written, text, reasoning }) => ({
    tokens: { input: fresh, output: text, reasoning, cache: { read, write: written } },
  }),
  cursor: ({ fresh, read, written, text, reasoning }) => ({
    inputTokens: fresh,
    totalInputTokens: fresh + read + written,
    outputTokens: text + reasoning,
    cacheReadTokens: read,
    cacheWriteTokens: written,
    reasoningTokens: reasoning,
  }),
  pi: ({ fresh, read, written, text, reasoning }) => ({
    input: fresh,
    output: text + reasoning,
    cacheRead: read,
    cacheWrite: written,
    totalTokens: fresh + read + written + text + reasoning,
  }),
  kimi: ({ fresh, read, written, text, reasoning }) => ({
    input_other: fresh,
    output: text + reasoning,
    input_cache_read: read,
    input_cache_creation: written,
  }),
  cline: ({ fresh, read, written, text, reasoning }) => ({
    tokensIn: fresh,
    tokensOut: text + reasoning,
    cacheReads: read,
    cacheWrites: written,
  }),
  totals: ({ fresh, read, written, text, reasoning }) => ({
    requests: 1,
    input_tokens: fresh + read + written,
    output_tokens: text + reasoning,
    cache_read_tokens: read,
    cache_write_tokens: written,
    reasoning_tokens: reasoning,
    total_tokens: fresh + read + written + text + reasoning,
  }),
};

/** What some producers do not report at all. */
const UNREPORTED: Partial<Record<UsageFormatName, readonly string[]>> = {
  gemini: ['cache_write_tokens'],
  bedrock: ['reasoning_tokens'],
  'claude-result': ['reasoning_tokens'],
  mistral: ['cache_write_tokens'],
  cohere: ['cache_write_tokens', 'reasoning_tokens'],
  ollama: ['cache_read_tokens', 'cache_write_tokens', 'reasoning_tokens'],
  pi: ['reasoning_tokens'],
  kimi: ['reasoning_tokens'],
  cline: ['reasoning_tokens'],
};

const PRICES = { house: { input_mtok: 3, output_mtok: 15, cache_read_mtok: 0.3, cache_write_mtok: 3.75 } };

function house(): ReturnType<typeof metered> {
  return metered({ provider: null, model: 'house', prices: PRICES });
}

describe('properties of the meter', () => {
  it('the same work reported in any shape gives the same counters', () => {
    fc.assert(
      fc.property(anyWork, (work) => {
        const { fresh, read, written, text, reasoning } = work;
        const counters: Record<string, number> = {
          input_tokens: fresh + read + written,
          output_tokens: text + reasoning,
          cache_read_tokens: read,
          cache_write_tokens: written,
          reasoning_tokens: reasoning,
          total_tokens: fresh + read + written + text + reasoning,
          requests: 1,
        };
        for (const [name, shape] of Object.entries(SHAPES)) {
          const { run, meter } = house();
          meter.record(shape(work));
          const unreported = UNREPORTED[name as UsageFormatName] ?? [];
          const expected = Object.entries(counters).filter(([counter]) => !unreported.includes(counter));
          expect(run.tokenUsage).toEqual(Object.fromEntries(expected));
        }
      }),
    );
  });

  it.each(Object.entries(SHAPES))(
    '%s: what goes in as tokens comes out, whatever else is missing',
    (name, shape) => {
      fc.assert(
        fc.property(anyWork, fc.infiniteStream(fc.boolean()), (work, keep) => {
          const payload = withoutSome(shape(work), keep);
          const { run, meter } = house();
          try {
            meter.record(payload, { format: name as UsageFormatName });
          } catch (error) {
            expect((error as RunError).code).toBe('validation_error');
            expect(run.tokenUsage).toEqual({});
            return;
          }
          const {
            input_tokens: input = 0,
            output_tokens: output = 0,
            total_tokens: total = 0,
          } = run.tokenUsage;
          // Nothing that was written is larger than what was counted: the largest count is in one of the wholes.
          const most = Math.max(0, ...largestCounts(payload));
          expect(Math.max(input, output, total)).toBeGreaterThanOrEqual(most);
          expect(run.tokenUsage.cache_read_tokens ?? 0).toBeLessThanOrEqual(input);
          expect(run.tokenUsage.reasoning_tokens ?? 0).toBeLessThanOrEqual(output);
        }),
        { numRuns: 50 },
      );
    },
  );

  it.each(Object.entries(SHAPES))(
    '%s: another count beside its own is never dropped in silence',
    (_name, shape) => {
      fc.assert(
        fc.property(anyWork, fc.integer({ min: 1, max: 1000 }), (work, count) => {
          const payload = shape(work);
          const place = usagePlaceOf(payload);
          const { run, meter } = house();
          const action = (): unknown =>
            meter.record(
              JSON.parse(JSON.stringify(payload).replace(place, `$1"brand_new_tokens":${count},`)),
            );
          expect(action).toThrow(/brand_new_tokens|validation/);
          expect(run.tokenUsage).toEqual({});
        }),
        { numRuns: 20 },
      );
    },
  );

  it('cumulative snapshots, however chopped and repeated, give what the last one says', () => {
    const pieces = fc.array(fc.record({ work: anyWork, times: fc.integer({ min: 1, max: 3 }) }), {
      minLength: 1,
    });
    fc.assert(
      fc.property(pieces, fc.constantFrom('openai-chat', 'anthropic', 'codex', 'ai-sdk'), (growth, name) => {
        const shape = SHAPES[name as UsageFormatName];
        const { run, meter } = house();
        let total: Work = { fresh: 0, read: 0, written: 0, text: 0, reasoning: 0 };
        for (const { work, times } of growth) {
          total = sum(total, work);
          for (let time = 0; time < times; time++) {
            meter.record(shape(total), { scope: 'cumulative', format: name as UsageFormatName });
          }
        }
        const whole = house();
        whole.meter.record(shape(total), { scope: 'cumulative', format: name as UsageFormatName });
        expect(run.tokenUsage).toEqual(whole.run.tokenUsage);
        expect(run.costUsd).toBeCloseTo(whole.run.costUsd!, 8);
      }),
    );
  });

  it('snapshots that fall are new starts: each whole, the rest by growth', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1000), { minLength: 1 }), (counts) => {
        const { run, meter } = house();
        let expected = 0;
        let last = 0;
        for (const count of counts) {
          expected += count < last ? count : count - last;
          last = count;
          meter.record(chat(count, 0), { scope: 'cumulative' });
        }
        expect(run.tokenUsage).toMatchObject({ input_tokens: expected });
      }),
    );
  });

  it('reports that repeat, in any order, across restarts, count each request once at its largest', () => {
    const reports = fc.array(
      fc.record({
        id: fc.constantFrom('a', 'b', '__proto__', 'constructor', ''),
        output: fc.nat(1000),
        restarts: fc.boolean(),
      }),
      { minLength: 1 },
    );
    fc.assert(
      fc.property(reports, (all) => {
        let { run, meter } = house() as { run: Run; meter: UsageMeter };
        const largest = new Map<string, number>();
        for (const { id, output, restarts } of all) {
          if (restarts) {
            run = reread(run);
            meter = UsageMeter.restore(run, { prices: PRICES });
          }
          meter.record(chat(100, output), { requestId: id, model: 'house' });
          largest.set(id, Math.max(largest.get(id) ?? 0, output));
        }
        const output = [...largest.values()].reduce((total, count) => total + count, 0);
        expect(run.tokenUsage).toMatchObject({ requests: largest.size, output_tokens: output });
        expect(run.costUsd).toBeCloseTo((largest.size * 100 * 3 + output * 15) / 1e6, 9);
      }),
    );
  });

  it('whatever is recorded, the breakdown by model adds up to the run, and a record is at most one event', () => {
    const step = fc.record({
      work: anyWork,
      format: fc.constantFrom(...(Object.keys(SHAPES) as UsageFormatName[])),
      model: fc.constantFrom('house', 'nosuch', '__proto__'),
      scope: fc.constantFrom('request', 'cumulative', undefined),
      key: fc.constantFrom('a', '__proto__', undefined),
      requestId: fc.constantFrom('a', 'b', undefined, undefined),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const { run, meter, updates } = house();
        for (const { work, format, model, ...options } of steps) {
          const before = updates.length;
          const named = format === 'claude-result' ? {} : { model };
          meter.record(SHAPES[format](work), { ...named, ...options });
          expect(updates.length - before).toBeLessThanOrEqual(1);
        }
        const models = Object.values(meter.byModel());
        for (const counter of ['input_tokens', 'output_tokens', 'cache_read_tokens', 'requests'] as const) {
          const together = models.reduce((total, { tokenUsage }) => total + (tokenUsage[counter] ?? 0), 0);
          expect(together).toBe(run.tokenUsage[counter] ?? 0);
          expect(together).toBeGreaterThanOrEqual(0);
        }
        const unpriced = models.reduce((total, { unpricedRequests }) => total + unpricedRequests, 0);
        expect(unpriced).toBe(run.tokenUsage.unpriced_requests ?? 0);
        expect(models.reduce((total, { costUsd }) => total + (costUsd ?? 0), 0)).toBeCloseTo(
          run.costUsd ?? 0,
          8,
        );
        expect(UsageMeter.restore(reread(run)).byModel()).toEqual(meter.byModel());
      }),
    );
  });

  it('sums a million requests exactly to the nano-dollar', () => {
    const run = new Run({ sessionId: 's' });
    const meter = new UsageMeter(run, {
      model: 'house',
      prices: { house: { input_mtok: 0.1, output_mtok: 0.7 } },
    });
    const format: UsageFormat = (usage) => usage as UsageReading;
    let nanos = 0n;
    for (let request = 0; request < 1_000_000; request++) {
      const [input, output] = [request % 977, request % 13];
      meter.record({ input_tokens: input, output_tokens: output }, { format });
      nanos += BigInt(input * 100 + output * 700);
    }
    expect(run.costUsd).toBe(Number(nanos) / 1e9);
    expect(meter.byModel()['house']?.costUsd).toBe(Number(nanos) / 1e9);
    expect(run.tokenUsage).toMatchObject({ requests: 1_000_000 });
  }, 120_000);
});

function sum(left: Work, right: Work): Work {
  return {
    fresh: left.fresh + right.fresh,
    read: left.read + right.read,
    written: left.written + right.written,
    text: left.text + right.text,
    reasoning: left.reasoning + right.reasoning,
  };
}

/** The payload without some of its counts. */
function withoutSome(payload: object, keep: Iterator<boolean>): object {
  const left = Object.entries(payload).flatMap(([name, value]): [string, unknown][] => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return [[name, withoutSome(value as object, keep)]];
    }
    return keep.next().value === true ? [[name, value]] : [];
  });
  return Object.fromEntries(left);
}

/** Every number of tokens that a payload has. */
function largestCounts(payload: unknown, name = ''): number[] {
  if (typeof payload === 'number') return /cost|requests/i.test(name) ? [] : [payload];
  if (typeof payload !== 'object' || payload === null) return [];
  return Object.entries(payload).flatMap(([key, value]) => largestCounts(value, key));
}

/** Where the usage object of a payload begins, as JSON. */
function usagePlaceOf(payload: object): RegExp {
  if ('usage_metadata' in payload) return /("usage_metadata":\{)/;
  if ('modelUsage' in payload) return /("house":\{)/;
  return 'tokens' in payload && !('cachedTokens' in payload) ? /("tokens":\{)/ : /^(\{)/;
}
