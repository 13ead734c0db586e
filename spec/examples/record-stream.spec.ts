import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Run } from 'agent-run';
import type { Line } from '../../examples/support/agent-stream/lines';
import { linesOf } from '../../examples/support/agent-stream/lines';
import type { StreamRecorderOptions } from '../../examples/support/agent-stream/stream-recorder';
import { StreamRecorder } from '../../examples/support/agent-stream/stream-recorder';

const root = join(__dirname, '../..');
const fixtures = join(root, 'spec/fixtures/streams');
const transcripts = join(root, '../shared/transcripts');

function inPieces(text: string, size = 7): AsyncIterable<string> {
  const pieces: string[] = [];
  for (let start = 0; start < text.length; start += size) pieces.push(text.slice(start, start + size));
  return Readable.from(pieces) as AsyncIterable<string>;
}

async function recorded(text: string, options: StreamRecorderOptions = {}): Promise<StreamRecorder> {
  const recorder = new StreamRecorder(options);
  for await (const line of linesOf(inPieces(text, 4096))) recorder.line(line);
  recorder.end();
  return recorder;
}

async function recordedFile(
  folder: string,
  name: string,
  options?: StreamRecorderOptions,
): Promise<StreamRecorder> {
  return recorded(readFileSync(join(folder, name), 'utf8'), options);
}

/** The run's own numbers, under short names. */
function numbersOf({ run }: StreamRecorder): object {
  const { status, turnCount, tokenUsage, costUsd } = run as Run;
  return { status, turns: turnCount, ...tokenUsage, costUsd };
}

describe('linesOf', () => {
  async function allOf(text: string, size?: number): Promise<Line[]> {
    const lines: Line[] = [];
    for await (const line of linesOf(inPieces(text, size))) lines.push(line);
    return lines;
  }

  it('numbers lines from 1 and ends them at line feeds, with or without a carriage return', async () => {
    expect(await allOf('one\r\ntwo\n\nfour', 2)).toEqual([
      { number: 1, text: 'one' },
      { number: 2, text: 'two' },
      { number: 3, text: '' },
      { number: 4, text: 'four' },
    ]);
  });

  it('takes a byte order mark off the first line only', async () => {
    expect(await allOf('\uFEFFone\n\uFEFFtwo\n')).toEqual([
      { number: 1, text: 'one' },
      { number: 2, text: '\uFEFFtwo' },
    ]);
  });

  it('leaves U+2028 inside a line', async () => {
    expect(await allOf('"\u2028"\n')).toEqual([{ number: 1, text: '"\u2028"' }]);
  });

  it('gives nothing for nothing', async () => {
    expect(await allOf('')).toEqual([]);
  });

  it('puts a line of many megabytes together', async () => {
    const [line] = await allOf(`${'x'.repeat(5_000_000)}\n`, 65_536);
    expect(line?.text).toHaveLength(5_000_000);
  });
});

describe('StreamRecorder', () => {
  it('counts a message once and ends at the totals of the agent', async () => {
    const recorder = await recordedFile(fixtures, 'claude-complete.jsonl');
    expect(numbersOf(recorder)).toEqual({
      status: 'completed',
      turns: 3,
      requests: 3,
      input_tokens: 2660,
      output_tokens: 160,
      cache_read_tokens: 1000,
      cache_write_tokens: 1200,
      total_tokens: 2820,
      costUsd: 0.00728,
    });
    expect(recorder.reported).toEqual({
      turns: 2,
      inputTokens: 2660,
      outputTokens: 160,
      cacheReadTokens: 1000,
      cacheWriteTokens: 1200,
      costUsd: 0.00728,
    });
    expect(recorder.run?.output).toEqual({ response: 'There are two files.' });
    expect(recorder.run?.sessionId).toBe('5f0c7a52-0000-4000-8000-000000000001');
    expect(recorder.run?.providerMetadata).toMatchObject({ agent: 'claude', usage_is_lower_bound: false });
  });

  it('reports a line that is not JSON with its number and passes it over', async () => {
    const problems: unknown[] = [];
    const options = { onProblem: (problem: unknown) => problems.push(problem) };
    await recordedFile(fixtures, 'claude-complete.jsonl', options);
    expect(problems).toEqual([{ line: 4, message: 'is not JSON' }]);
  });

  it('reports a line whose counts are none, and passes it over', async () => {
    const text = readFileSync(join(fixtures, 'claude-killed.jsonl'), 'utf8');
    const recorder = await recorded(text.replace('"input_tokens":50', '"input_tokens":-50'));
    expect(recorder.problems.map(({ line }) => line)).toEqual([4, 5]);
    expect(recorder.run?.tokenUsage).toMatchObject({ requests: 1, input_tokens: 1004 });
  });

  it('keeps what the lines of a truncated stream gave, as a failed run and a lower bound', async () => {
    const recorder = await recordedFile(fixtures, 'claude-killed.jsonl');
    expect(numbersOf(recorder)).toMatchObject({
      status: 'failed',
      turns: 2,
      requests: 2,
      input_tokens: 1054,
    });
    expect(recorder.run?.error).toMatchObject({ code: 'stream_truncated' });
    expect(recorder.run?.providerMetadata).toMatchObject({ usage_is_lower_bound: true, reported: null });
  });

  it('fails the run as the agent failed, with its totals', async () => {
    const recorder = await recordedFile(fixtures, 'claude-max-turns.jsonl');
    expect(numbersOf(recorder)).toMatchObject({ status: 'failed', costUsd: 0.00728 });
    expect(recorder.run?.error).toMatchObject({ code: 'error_max_turns' });
  });

  it('follows the usage of messages that are streamed, of sub-agents too', async () => {
    const recorder = await recordedFile(fixtures, 'claude-partial-messages.jsonl');
    expect(numbersOf(recorder)).toMatchObject({ requests: 2, input_tokens: 1054, output_tokens: 110 });
  });

  it('reads a stream with a byte order mark and carriage returns', async () => {
    const text = readFileSync(join(fixtures, 'claude-complete.jsonl'), 'utf8');
    const recorder = await recorded(`\uFEFF${text.replaceAll('\n', '\r\n')}`);
    expect(numbersOf(recorder)).toMatchObject({ status: 'completed', costUsd: 0.00728 });
  });

  it('keeps the usage of Codex, unpriced while no model is named', async () => {
    const recorder = await recordedFile(fixtures, 'codex-complete.jsonl');
    expect(numbersOf(recorder)).toEqual({
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
    expect(recorder.run?.output).toEqual({ response: 'One test fails.' });
  });

  it('prices Codex by the model it is told', async () => {
    const recorder = await recordedFile(fixtures, 'codex-complete.jsonl', { model: 'gpt-5' });
    // 3,000 x 1.25 + 9,000 x 0.125 + 400 x 10 dollars per million
    expect(recorder.run?.costUsd).toBe(0.008875);
  });

  it('sums Codex turns, or takes the last one where they are said to be cumulative', async () => {
    const line = JSON.stringify({
      type: 'turn.completed',
      usage: { input_tokens: 100, cached_input_tokens: 0, output_tokens: 10 },
    });
    const text = `{"type":"thread.started","thread_id":"t"}\n${line}\n${line.replace('100', '150')}\n`;
    expect(numbersOf(await recorded(text))).toMatchObject({ input_tokens: 250, output_tokens: 20 });
    const cumulative = await recorded(text, { codexScope: 'cumulative' });
    expect(numbersOf(cumulative)).toMatchObject({ input_tokens: 150, output_tokens: 10 });
  });

  it('fails the run with the message of a failed Codex turn', async () => {
    const recorder = await recordedFile(fixtures, 'codex-failed.jsonl');
    expect(recorder.run?.error).toEqual({ code: 'turn_failed', message: 'stream disconnected' });
  });

  it('keeps the usage of Gemini by model, with the total it reports', async () => {
    const recorder = await recordedFile(fixtures, 'gemini-complete.jsonl');
    expect(numbersOf(recorder)).toMatchObject({
      status: 'completed',
      turns: 2,
      input_tokens: 3000,
      total_tokens: 3150,
    });
    expect(Object.keys(recorder.meter?.byModel() ?? {})).toEqual([
      'gemini-2.5-flash-lite',
      'gemini-2.5-flash',
    ]);
    expect(recorder.run?.output).toEqual({ response: 'Two files.' });
  });

  it('fails the run with the error of Gemini', async () => {
    const recorder = await recordedFile(fixtures, 'gemini-failed.jsonl');
    expect(recorder.run?.error).toMatchObject({ code: 'FatalTurnLimitedError' });
  });

  it.each([
    ['an empty file', ''],
    ['a stream of no known agent', '{"type":"hello"}\n[]\n'],
  ])('fails the run of %s', async (_name, text) => {
    const { run } = await recorded(text);
    expect(run?.error).toMatchObject({ code: 'stream_unknown' });
  });

  it('cancels the run when whoever reads stops, and keeps what was counted', () => {
    const recorder = new StreamRecorder();
    const lines = readFileSync(join(fixtures, 'claude-killed.jsonl'), 'utf8').split('\n');
    lines.forEach((text, index) => recorder.line({ number: index + 1, text }));
    expect(recorder.cancel('Stopped').status).toBe('cancelled');
    expect(recorder.run?.tokenUsage).toMatchObject({ requests: 2 });
  });
});

describe('record-stream', () => {
  const command = ['--import', require.resolve('tsx'), join(root, 'examples/record-stream.ts')];
  const environment = {
    ...process.env,
    NO_COLOR: '1',
    NODE_OPTIONS: '',
    TSX_TSCONFIG_PATH: join(root, 'tsconfig.json'),
  };

  async function start(
    parameters: readonly string[],
    feed: (stdin: NodeJS.WritableStream, stop: () => void, output: () => string) => void,
  ): Promise<{ code: number | null; output: string }> {
    const child = spawn(process.execPath, [...command, ...parameters], { cwd: root, env: environment });
    let output = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      feed(
        child.stdin,
        () => child.kill('SIGINT'),
        () => output,
      );
    });
    feed(
      child.stdin,
      () => child.kill('SIGINT'),
      () => output,
    );
    return new Promise((resolve) => {
      child.once('close', (code) => resolve({ code, output }));
    });
  }

  it('reads a pipe and prints its record', async () => {
    const text = readFileSync(join(fixtures, 'codex-complete.jsonl'), 'utf8');
    const { code, output } = await start(['--json', '--model', 'gpt-5'], (stdin) => stdin.end(text));
    expect(output).toContain('"cost_usd": 0.008875');
    expect(code).toBe(0);
  }, 30_000);

  it('keeps what it has when it is interrupted, and exits with 130', async () => {
    const text = readFileSync(join(fixtures, 'claude-killed.jsonl'), 'utf8');
    let isFed = false;
    let isStopped = false;
    const { code, output } = await start(['--json'], (stdin, stop, soFar) => {
      if (!isFed) stdin.write(text);
      isFed = true;
      if (!isStopped && soFar().includes('turn      2')) {
        isStopped = true;
        stop();
      }
    });
    expect(output).toContain('"status": "cancelled"');
    expect(output).toContain('"input_tokens": 1054');
    expect(code).toBe(130);
  }, 30_000);

  it('says that it cannot read a file that is not there', async () => {
    const { code, output } = await start(['no-such-file.jsonl'], () => undefined);
    expect(output).toContain('Cannot read the stream: ENOENT');
    expect(code).toBe(1);
  }, 30_000);
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
    expect(numbersOf(await recordedFile(transcripts, name))).toMatchObject(expected);
  });
});
