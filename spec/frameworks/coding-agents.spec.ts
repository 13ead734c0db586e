import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { Run } from 'agent-run';
import type { AgentStreamOptions, StreamProblem } from 'agent-run/coding-agents';
import { recordAgentStream } from 'agent-run/coding-agents';
import { UsageMeter } from 'agent-run/usage';
import { recordedEvents } from './recorded-events';

const root = join(__dirname, '../..');
const fixtures = join(root, 'spec/fixtures/streams');
const transcripts = join(root, '../shared/transcripts');

function textOf(name: string, folder = fixtures): string {
  return readFileSync(join(folder, name), 'utf8');
}

function inPieces(text: string, size = 4096): Readable {
  const pieces: string[] = [];
  for (let start = 0; start < text.length; start += size) pieces.push(text.slice(start, start + size));
  return Readable.from(pieces);
}

function recorded(text: string, options: AgentStreamOptions = {}): Promise<Run> {
  return recordAgentStream(inPieces(text), options);
}

function eventsOf(name: string): unknown[] {
  return textOf(name)
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as unknown);
}

/** The run's own numbers, under short names. */
function numbersOf({ status, turnCount, tokenUsage, costUsd }: Run): object {
  return { status, turns: turnCount, ...tokenUsage, costUsd };
}

const COMPLETE = {
  status: 'completed',
  turns: 3,
  requests: 3,
  input_tokens: 2660,
  output_tokens: 160,
  cache_read_tokens: 1000,
  cache_write_tokens: 1200,
  total_tokens: 2820,
  costUsd: 0.00728,
};

/** Hears of the run as soon as it is there. */
function heard(): { events: ReturnType<typeof recordedEvents>[]; onRun: (run: Run) => void } {
  const events: ReturnType<typeof recordedEvents>[] = [];
  return { events, onRun: (run) => events.push(recordedEvents(run)) };
}

describe('recordAgentStream', () => {
  describe('of Claude', () => {
    it('counts a message once and ends at the totals of the agent', async () => {
      const run = await recorded(textOf('claude-complete.jsonl'));
      expect(numbersOf(run)).toEqual(COMPLETE);
      expect(run.output).toEqual({ response: 'There are two files.' });
      expect(run.sessionId).toBe('5f0c7a52-0000-4000-8000-000000000001');
      expect(run.provider).toBe('anthropic');
      expect(run.providerMetadata).toEqual({
        agent: 'claude',
        reported: {
          turns: 2,
          input_tokens: 2660,
          output_tokens: 160,
          cache_read_tokens: 1000,
          cache_write_tokens: 1200,
          cost_usd: 0.00728,
        },
        usage_is_lower_bound: false,
        lines_passed_over: 1,
        events_passed_over: 0,
      });
    });

    it('keeps what the lines of a truncated stream gave, as a failed run and a lower bound', async () => {
      const run = await recorded(textOf('claude-killed.jsonl'));
      expect(numbersOf(run)).toMatchObject({ status: 'failed', turns: 2, requests: 2, input_tokens: 1054 });
      expect(run.error).toEqual({ code: 'stream_truncated', message: 'The stream ended without a result' });
      expect(run.providerMetadata).toMatchObject({ usage_is_lower_bound: true, reported: null });
    });

    it('fails the run as the agent failed, with its totals', async () => {
      const run = await recorded(textOf('claude-max-turns.jsonl'));
      expect(numbersOf(run)).toMatchObject({ status: 'failed', costUsd: 0.00728 });
      expect(run.error).toMatchObject({ code: 'error_max_turns' });
    });

    it('follows the usage of messages that are streamed, of sub-agents too', async () => {
      const run = await recorded(textOf('claude-partial-messages.jsonl'));
      expect(numbersOf(run)).toMatchObject({ requests: 2, input_tokens: 1054, output_tokens: 110 });
    });

    it('keeps tool calls as steps, and those of a sub-agent below its own', async () => {
      const { events, onRun } = heard();
      await recorded(textOf('claude-sub-agent.jsonl'), { onRun, outputs: true });
      expect(events[0]?.steps).toEqual([
        {
          index: 2,
          parent: 1,
          name: 'Read',
          kind: 'tool',
          input: { file_path: '/a' },
          status: 'failed',
          error: { message: 'No such file' },
        },
        {
          index: 1,
          parent: null,
          name: 'explorer',
          kind: 'agent',
          input: { subagent_type: 'explorer', prompt: 'Look' },
          status: 'completed',
          output: { value: [{ type: 'text', text: 'Nothing there' }] },
        },
        { index: 4, parent: null, name: 'Bash', kind: 'tool', input: { command: 'ls' }, status: 'completed' },
        {
          index: 3,
          parent: null,
          name: 'Task',
          kind: 'agent',
          input: { description: 'In the background' },
          status: 'completed',
          output: { value: 'Found it' },
        },
      ]);
    });

    it('keeps permission denials and compactions as notes, each once', async () => {
      const { events, onRun } = heard();
      await recorded(textOf('claude-sub-agent.jsonl'), { onRun });
      expect(events[0]?.notes).toEqual([
        { name: 'compaction', data: { trigger: 'auto', pre_tokens: 155000 } },
        {
          name: 'permission_denied',
          data: { tool: 'Write', tool_use_id: 'toolu_4', reason: 'Not in this folder' },
        },
      ]);
    });

    it('counts the events that it does not know', async () => {
      const run = await recorded(textOf('claude-sub-agent.jsonl'));
      expect(run.providerMetadata).toMatchObject({ events_passed_over: 1, lines_passed_over: 0 });
    });

    it('cancels the run whose agent was interrupted', async () => {
      const text = textOf('claude-complete.jsonl').replace(
        '"subtype":"success"',
        '"subtype":"error_during_execution","terminal_reason":"aborted_streaming"',
      );
      expect(numbersOf(await recorded(text))).toMatchObject({ status: 'cancelled', costUsd: 0.00728 });
    });

    it('does not count again what the session had used before', async () => {
      const text = textOf('claude-complete.jsonl');
      const seed = eventsOf('claude-complete.jsonl').at(-1) as object;
      const twice = (match: string, count: string): string =>
        `${match.slice(0, -count.length)}${Number(count) * 2}`;
      const resumed = text.replace(
        /("(?:\w+Tokens|costUSD|total_cost_usd)":)([\d.]+)/g,
        (match, _key, count: string) => twice(match, count),
      );
      const run = await recorded(resumed, { seed });
      expect(run.tokenUsage).toMatchObject({ input_tokens: 2660, output_tokens: 160 });
      expect(run.costUsd).toBe(0.00728);
    });

    it('reads a transcript on disk, whose end is its last message', async () => {
      const { events, onRun } = heard();
      const run = await recorded(textOf('claude-transcript.jsonl'), { onRun });
      expect(numbersOf(run)).toMatchObject({
        status: 'completed',
        turns: 2,
        requests: 2,
        input_tokens: 2210,
        output_tokens: 128,
      });
      expect(run.output).toEqual({ response: 'One file. It is small.' });
      expect(run.sessionId).toBe('7c0c7a52-0000-4000-8000-000000000001');
      expect(events[0]?.steps).toEqual([expect.objectContaining({ name: 'Bash', status: 'completed' })]);
      expect(run.providerMetadata).toMatchObject({ events_passed_over: 0 });
    });

    it('fails the run of a transcript that stops at a tool', async () => {
      const lines = textOf('claude-transcript.jsonl').split('\n').slice(0, 4).join('\n');
      expect((await recorded(lines)).error).toMatchObject({ code: 'stream_truncated' });
    });
  });

  describe('of Codex', () => {
    it('keeps its usage, unpriced while no model is named', async () => {
      const run = await recorded(textOf('codex-complete.jsonl'));
      expect(numbersOf(run)).toEqual({
        status: 'completed',
        turns: 2,
        requests: 1,
        input_tokens: 12_000,
        cache_read_tokens: 9_000,
        output_tokens: 400,
        reasoning_tokens: 250,
        total_tokens: 12_400,
        unpriced_requests: 1,
        costUsd: null,
      });
      expect(run.output).toEqual({ response: 'One test fails.' });
      expect(run.provider).toBe('openai');
    });

    it('prices by the model it is told', async () => {
      const run = await recorded(textOf('codex-complete.jsonl'), { model: 'gpt-5' });
      // 3,000 x 1.25 + 9,000 x 0.125 + 400 x 10 dollars per million
      expect(run.costUsd).toBe(0.008875);
    });

    it('sums turns, or takes the last one where they are said to be cumulative', async () => {
      const line = JSON.stringify({
        type: 'turn.completed',
        usage: { input_tokens: 100, cached_input_tokens: 0, output_tokens: 10 },
      });
      const text = `{"type":"thread.started","thread_id":"t"}\n${line}\n${line.replace('100', '150')}\n`;
      expect(numbersOf(await recorded(text))).toMatchObject({ input_tokens: 250, output_tokens: 20 });
      const cumulative = await recorded(text, { codexScope: 'cumulative' });
      expect(numbersOf(cumulative)).toMatchObject({ input_tokens: 150, output_tokens: 10 });
    });

    it('fails the run with the message of a failed turn', async () => {
      const run = await recorded(textOf('codex-failed.jsonl'));
      expect(run.error).toEqual({ code: 'turn_failed', message: 'stream disconnected' });
    });

    it('keeps commands, changes, searches and calls of MCP servers as steps', async () => {
      const { events, onRun } = heard();
      await recorded(textOf('codex-tools.jsonl'), { onRun });
      expect(
        events[0]?.steps.map(({ name, kind, input, status, error }) => [name, kind, input, status, error]),
      ).toEqual([
        ['command_execution', 'tool', { command: 'npm test' }, 'failed', { message: '1 failing' }],
        ['file_change', 'tool', { changes: [{ path: 'a.ts', kind: 'update' }] }, 'completed', undefined],
        ['search', 'tool', { server: 'docs', arguments: { q: 'x' } }, 'completed', undefined],
        ['web_search', 'tool', { query: 'node 20' }, 'completed', undefined],
        ['command_execution', 'tool', { command: 'rm -rf /' }, 'failed', { message: 'Declined' }],
        ['spawn_agent', 'agent', { prompt: 'Look' }, 'completed', undefined],
      ]);
      expect(events[0]?.notes).toEqual([
        { name: 'permission_denied', data: { tool: 'command_execution', tool_use_id: 'item_5' } },
      ]);
    });

    it('reads a rollout on disk', async () => {
      const { events, onRun } = heard();
      const run = await recorded(textOf('codex-rollout.jsonl'), { onRun });
      expect(numbersOf(run)).toMatchObject({
        status: 'completed',
        turns: 2,
        input_tokens: 12_000,
        cache_read_tokens: 9_000,
        output_tokens: 400,
      });
      expect(run.costUsd).toBeGreaterThan(0);
      expect(run.output).toEqual({ response: 'One test fails.' });
      expect(run.sessionId).toBe('01a2-thread');
      expect(events[0]?.steps).toEqual([
        expect.objectContaining({ name: 'shell', input: { command: ['npm', 'test'] }, status: 'failed' }),
      ]);
      expect(events[0]?.notes).toEqual([{ name: 'compaction', data: {} }]);
    });
  });

  describe('of Gemini', () => {
    it('keeps its usage by model, with the total it reports', async () => {
      const { events, onRun } = heard();
      const run = await recorded(textOf('gemini-complete.jsonl'), { onRun });
      expect(numbersOf(run)).toMatchObject({ status: 'completed', turns: 2, input_tokens: 3000 });
      expect(run.providerMetadata['reported']).toMatchObject({ total_tokens: 3150 });
      expect(Object.keys(new UsageMeter(run).byModel())).toEqual([
        'gemini-2.5-flash-lite',
        'gemini-2.5-flash',
      ]);
      expect(run.output).toEqual({ response: 'Two files.' });
      expect(events[0]?.steps).toEqual([expect.objectContaining({ name: 'list', status: 'completed' })]);
    });

    it('fails the run with its error', async () => {
      const run = await recorded(textOf('gemini-failed.jsonl'));
      expect(run.error).toMatchObject({ code: 'FatalTurnLimitedError' });
    });

    it('reads a chat on disk, parsed', async () => {
      const { events, onRun } = heard();
      const chat: unknown = JSON.parse(textOf('gemini-chat.json'));
      const run = await recordAgentStream([chat], { onRun });
      expect(numbersOf(run)).toMatchObject({
        status: 'completed',
        turns: 2,
        requests: 2,
        input_tokens: 3000,
        output_tokens: 150,
        reasoning_tokens: 50,
      });
      expect(run.output).toEqual({ response: 'Two files.' });
      expect(events[0]?.steps).toEqual([expect.objectContaining({ name: 'list', status: 'failed' })]);
    });
  });

  describe('takes', () => {
    it('objects, lines, bytes, and text in pieces alike', async () => {
      const text = textOf('claude-complete.jsonl');
      const sources: Record<string, AsyncIterable<unknown> | Iterable<unknown>> = {
        objects: Readable.from(eventsOf('claude-complete.jsonl')),
        'an array of lines': text.split('\n'),
        bytes: Readable.from([Buffer.from(text).subarray(0, 1001), Buffer.from(text).subarray(1001)]),
        'pieces of seven characters': inPieces(text, 7),
        'one piece': Readable.from([text]),
        'a mark and carriage returns': inPieces(`\uFEFF${text.replaceAll('\n', '\r\n')}`),
      };
      for (const [name, source] of Object.entries(sources)) {
        expect({ name, ...numbersOf(await recordAgentStream(source)) }).toEqual({ name, ...COMPLETE });
      }
    });

    it('refuses what is no source, and options that it does not know', async () => {
      for (const source of ['text', null, undefined, 7, {}]) {
        await expect(recordAgentStream(source as never)).rejects.toMatchObject({ code: 'validation_error' });
      }
      await expect(recordAgentStream([], { ru: null } as object)).rejects.toThrow('ru');
      await expect(recordAgentStream([], { codexScope: 'all' as never })).rejects.toThrow('codexScope');
    });
  });

  describe('passes over', () => {
    it('a line that is not JSON, and tells its number', async () => {
      const problems: StreamProblem[] = [];
      await recorded(textOf('claude-complete.jsonl'), { onProblem: (problem) => problems.push(problem) });
      expect(problems).toEqual([{ line: 4, message: 'is not JSON' }]);
    });

    it('a line whose counts are none', async () => {
      const problems: StreamProblem[] = [];
      const text = textOf('claude-killed.jsonl').replace('"input_tokens":50', '"input_tokens":-50');
      const run = await recorded(text, { onProblem: (problem) => problems.push(problem) });
      expect(problems.map(({ line }) => line)).toEqual([4, 5]);
      expect(run.tokenUsage).toMatchObject({ requests: 1, input_tokens: 1004 });
    });

    it.each([
      ['an empty stream', ''],
      ['a stream of no known agent', '{"type":"hello"}\n[]\n'],
    ])('%s: the run has failed', async (_name, text) => {
      expect((await recorded(text)).error).toMatchObject({ code: 'stream_unknown' });
    });
  });

  describe('keeps it', () => {
    it('in the run whose execution it is called in, and ends that', async () => {
      const run = new Run({ sessionId: 's', metadata: { mine: true } });
      run.providerMetadata = { region: 'eu' };
      await run.execute(async () => {
        expect(await recordAgentStream(eventsOf('claude-complete.jsonl'))).toBe(run);
      });
      expect(numbersOf(run)).toEqual(COMPLETE);
      expect(run.output).toEqual({ response: 'There are two files.' });
      expect(run.providerMetadata).toMatchObject({ region: 'eu', agent: 'claude' });
    });

    it('in a run that it was handed, of its own type', async () => {
      const run = new Run<{ prompt: string }, { response: string }>({
        sessionId: 's',
        input: { prompt: 'Hi' },
      });
      const same = await recordAgentStream(eventsOf('claude-complete.jsonl'), { run });
      expect(same).toBe(run);
      expect(same.output?.response).toBe('There are two files.');
    });

    it('in a run of its own elsewhere, whose session can be named', async () => {
      const run = await recorded(textOf('claude-complete.jsonl'), { sessionId: 'mine' });
      expect(run.sessionId).toBe('mine');
    });

    it('failed in the execution whose agent has failed', async () => {
      const run = new Run({ sessionId: 's' });
      const ended = run.execute(() => recordAgentStream(eventsOf('claude-max-turns.jsonl')).then(() => null));
      await expect(ended).rejects.toMatchObject({ code: 'error_max_turns' });
    });
  });

  describe('stops reading', () => {
    /** Gives the events, and then nothing more. */
    function endless(name: string): { source: AsyncGenerator; left: () => boolean } {
      let left = false;
      async function* give(): AsyncGenerator {
        try {
          for (const event of eventsOf(name)) {
            await pause(0);
            yield event;
          }
          yield* [];
          await pause(20);
          for (;;) {
            yield { type: 'keep_alive' };
            await pause(5);
          }
        } finally {
          left = true;
        }
      }
      return { source: give(), left: () => left };
    }

    it('when its signal aborts: the run is cancelled and keeps what was counted', async () => {
      const page = new AbortController();
      const { source, left } = endless('claude-killed.jsonl');
      const run = await recordAgentStream(source, {
        signal: page.signal,
        onRun: (begun) =>
          begun.on('turnIncremented', ({ turnCount }) => turnCount === 2 && page.abort(new Error('Enough'))),
      });
      expect(run.status).toBe('cancelled');
      expect(run.error).toEqual({ code: 'cancelled', message: 'Enough' });
      expect(run.tokenUsage).toMatchObject({ requests: 2 });
      await pause(30);
      expect(left()).toBe(true);
    });

    it('when the time of its execution is over', async () => {
      const run = new Run({ sessionId: 's' });
      const { source } = endless('claude-killed.jsonl');
      const ended = run.execute(() => recordAgentStream(source).then(() => null), { timeoutMs: 60 });
      await expect(ended).rejects.toMatchObject({ code: 'timeout' });
      expect(run.tokenUsage).toMatchObject({ requests: 2, input_tokens: 1054 });
      expect(run.providerMetadata).toMatchObject({ agent: 'claude', usage_is_lower_bound: true });
    });

    it('when a limit is passed', async () => {
      const run = new Run({ sessionId: 's' });
      const { source, left } = endless('claude-killed.jsonl');
      const ended = run.execute(() => recordAgentStream(source).then(() => null), {
        limits: { maxTurns: 1 },
      });
      await expect(ended).rejects.toMatchObject({ code: 'limit_exceeded' });
      await pause(30);
      expect(left()).toBe(true);
    });

    it('before it has begun, where the signal has aborted already', async () => {
      const signal = AbortSignal.abort(new Error('Too late'));
      const run = await recordAgentStream(endless('claude-killed.jsonl').source, { signal });
      expect(run.error).toEqual({ code: 'cancelled', message: 'Too late' });
    });

    it('when the source throws: the run has failed with that', async () => {
      async function* broken(): AsyncGenerator {
        yield* eventsOf('claude-killed.jsonl');
        await pause(0);
        throw new Error('The process exited with code 1');
      }
      const run = await recordAgentStream(broken());
      expect(run.status).toBe('failed');
      expect(run.error).toMatchObject({ message: 'The process exited with code 1' });
      expect(run.tokenUsage).toMatchObject({ requests: 2 });
    });

    it('when the source throws after its result: the result counts', async () => {
      async function* broken(): AsyncGenerator {
        yield* eventsOf('claude-max-turns.jsonl');
        await pause(0);
        throw new Error('The process exited with code 1');
      }
      expect((await recordAgentStream(broken())).error).toMatchObject({ code: 'error_max_turns' });
    });
  });
});

/** What the agents themselves reported, or what can be had from a stream without a report. */
const TRANSCRIPTS: Readonly<Record<string, object>> = {
  'claude-jax-sonnet45.jsonl': {
    status: 'completed',
    turns: 17,
    input_tokens: 84 + 48_182 + 359_097 + 5_880,
    cache_write_tokens: 48_182,
    cache_read_tokens: 359_097,
    output_tokens: 6_510 + 151,
    costUsd: 0.3929486,
  },
  'claude-exceltable-sonnet45.jsonl': {
    status: 'completed',
    turns: 21,
    input_tokens: 87 + 54_304 + 586_714 + 8_220,
    cache_write_tokens: 54_304,
    cache_read_tokens: 586_714,
    output_tokens: 3_977 + 552,
    costUsd: 0.4505502,
  },
  'claude-exoplanet-opus45-noresult.jsonl': {
    status: 'failed',
    turns: 8,
    requests: 8,
    cache_write_tokens: 22_333,
  },
  'codex-itantra-failed-tools.jsonl': {
    status: 'completed',
    input_tokens: 203_561,
    cache_read_tokens: 188_928,
    output_tokens: 1_299,
    reasoning_tokens: 549,
    unpriced_requests: 1,
    costUsd: null,
  },
  'codex-codm-turn-failed.jsonl': { status: 'failed', costUsd: null },
  'codex-codm-cancelled.jsonl': { status: 'failed', costUsd: null },
  'gemini-stream-two-models.jsonl': {
    status: 'completed',
    input_tokens: 2_742 + 7_822,
    output_tokens: 55 + 2,
    total_tokens: 10_929,
  },
};

const describeTranscripts = existsSync(transcripts) ? describe : describe.skip;

describeTranscripts('streams that agents really printed (only where they are beside the checkout)', () => {
  it.each(Object.entries(TRANSCRIPTS))('%s', async (name, expected) => {
    expect(numbersOf(await recorded(textOf(name, transcripts)))).toMatchObject(expected);
  });
});
