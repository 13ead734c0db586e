/**
 * Keeps the event stream of a coding agent as a run, live: from a file, or from a pipe.
 *
 *     claude -p "…" --output-format stream-json --verbose | npx tsx examples/record-stream.ts
 *     codex exec --json "…" | npx tsx examples/record-stream.ts --model gpt-5-codex
 *     gemini -o stream-json -p "…" | npx tsx examples/record-stream.ts
 *     npx tsx examples/record-stream.ts stream.jsonl
 *
 * --model <name>   the model, where the stream does not name it (Codex)
 * --cumulative     Codex's usage is of the thread so far, and not of one turn
 * --json           print the run's record at the end
 *
 * Exits with 0 for a completed run, 1 for one that failed, 130 after Ctrl-C.
 */
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { addAbortSignal } from 'node:stream';
import { parseArgs } from 'node:util';
import type { Run } from 'agent-run';
import { linesOf } from './support/agent-stream/lines';
import { StreamRecorder } from './support/agent-stream/stream-recorder';
import { totalsTable } from './support/agent-stream/totals-table';
import type { Screen } from './support/screen';
import { terminal } from './support/screen';
import { Timeline } from './support/timeline';

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      model: { type: 'string' },
      cumulative: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const screen = terminal();
  const recorder = new StreamRecorder({
    model: values.model,
    codexScope: values.cumulative ? 'cumulative' : 'request',
    meter: { onWarning: ({ message }) => screen.line(screen.styled('yellow', message)) },
    onRun: (run) => new Timeline(run, screen).start(),
    onProblem: ({ line, message }) => screen.line(screen.styled('yellow', `line ${line} ${message}`)),
  });
  const [file] = positionals;
  const wasStopped = await readAll(recorder, file === undefined ? process.stdin : createReadStream(file));
  const run = wasStopped ? recorder.cancel('Stopped by SIGINT') : recorder.end();
  printEnd(screen, recorder, run);
  if (values.json) screen.line(JSON.stringify(run, null, 2));
  if (run.status === 'cancelled') return 130;
  return run.status === 'completed' ? 0 : 1;
}

/** Reads to the end of the stream, or until Ctrl-C; says which. */
async function readAll(recorder: StreamRecorder, input: Readable): Promise<boolean> {
  const interrupt = new AbortController();
  process.once('SIGINT', () => interrupt.abort());
  input.setEncoding('utf8');
  addAbortSignal(interrupt.signal, input);
  try {
    for await (const line of linesOf(input as AsyncIterable<string>)) recorder.line(line);
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
  }
  return interrupt.signal.aborted;
}

function printEnd(screen: Screen, { meter, reported }: StreamRecorder, run: Run): void {
  screen.line();
  for (const row of totalsTable(run, reported)) screen.line(row);
  const models = Object.entries(meter?.byModel() ?? {});
  for (const [model, { tokenUsage, costUsd }] of models) {
    const { input_tokens: input = 0, output_tokens: output = 0 } = tokenUsage;
    const cost = costUsd === null ? 'cost unknown' : `${costUsd} USD`;
    screen.line(`${model}: ${input} in, ${output} out, ${cost}`);
  }
  screen.line();
  screen.line(
    `${run.status}: ${run.error === null ? JSON.stringify(run.output) : JSON.stringify(run.error)}`,
  );
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(`Cannot read the stream: ${(error as Error).message}`);
    process.exitCode = 1;
  },
);

// Prints, given spec/fixtures/streams/claude-complete.jsonl:
//   elapsed  turn    tokens       cost  event
//    0.00 s     0         0          ?  status    pending → running
//    0.07 s     1         0          ?  turn      1
//    0.26 s     1     1,007   $0.00381  usage     +1,004 in (0 cached), +3 out
// line 4 is not JSON
//    0.26 s     2     1,007   $0.00381  turn      2
//    0.28 s     2     1,059   $0.00387  usage     +50 in (0 cached), +2 out
//    0.28 s     3     1,059   $0.00387  turn      3
//    0.28 s     3     2,270   $0.00501  usage     +1,206 in (1,000 cached), +5 out
//    0.28 s     3     2,820   $0.00728  usage     +400 in (0 cached), +150 out
//    0.28 s     3     2,820   $0.00728  changed   providerMetadata
//    0.28 s     3     2,820   $0.00728  status    running → completed
//
//                                  counted   reported by the agent
// turns                                  3                       2
// input tokens                       2,660                   2,660
//   from a cache                     1,000                   1,000
//   to a cache                       1,200                   1,200
// output tokens                        160                     160
// total tokens                       2,820                       –
// cost in USD                      0.00728                 0.00728
// requests without a price               0                       –
// claude-sonnet-4-5-20250929: 2210 in, 120 out, 0.00663 USD
// claude-haiku-4-5-20251001: 450 in, 40 out, 0.00065 USD
//
// completed: {"response":"There are two files."}
