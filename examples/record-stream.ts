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
import { parseArgs } from 'node:util';
import type { Run } from 'agent-run';
import { recordAgentStream } from 'agent-run/coding-agents';
import { UsageMeter } from 'agent-run/usage';
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
  const interrupt = new AbortController();
  process.once('SIGINT', () => interrupt.abort(new Error('Stopped by SIGINT')));
  const [file] = positionals;
  const run = await recordAgentStream(file === undefined ? process.stdin : createReadStream(file), {
    model: values.model,
    codexScope: values.cumulative ? 'cumulative' : 'request',
    signal: interrupt.signal,
    onRun: (begun) => new Timeline(begun, screen).start(),
    onProblem: ({ line, message }) => screen.line(screen.styled('yellow', `line ${line} ${message}`)),
    onWarning: ({ message }) => screen.line(screen.styled('yellow', message)),
  });
  printEnd(screen, run);
  if (values.json) screen.line(JSON.stringify(run, null, 2));
  if (run.status === 'cancelled') return 130;
  return run.status === 'completed' ? 0 : 1;
}

function printEnd(screen: Screen, run: Run): void {
  screen.line();
  for (const [model, { tokenUsage, costUsd }] of Object.entries(new UsageMeter(run).byModel())) {
    const { input_tokens: input = 0, output_tokens: output = 0 } = tokenUsage;
    const cost = costUsd === null ? 'cost unknown' : `${costUsd} USD`;
    screen.line(`${model}: ${input} in, ${output} out, ${cost}`);
  }
  const { reported } = run.providerMetadata;
  screen.line(`reported by the agent: ${reported === null ? 'nothing' : JSON.stringify(reported)}`);
  screen.line(`${run.status}: ${JSON.stringify(run.error ?? run.output)}`);
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
//    0.02 s     1         0          ?  turn      1
//    0.05 s     1     1,007   $0.00381  usage     +1,004 in (0 cached), +3 out
//    0.05 s     1     1,007   $0.00381  step      Task begins
// line 4 is not JSON
//    0.05 s     2     1,007   $0.00381  turn      2
//    0.05 s     2     1,059   $0.00387  usage     +50 in (0 cached), +2 out
//    0.05 s     2     1,059   $0.00387  step      Task completed
//    0.05 s     3     1,059   $0.00387  turn      3
//    0.05 s     3     2,270   $0.00501  usage     +1,206 in (1,000 cached), +5 out
//    0.06 s     3     2,820   $0.00728  usage     +400 in (0 cached), +150 out
//    0.06 s     3     2,820   $0.00728  changed   providerMetadata
//    0.06 s     3     2,820   $0.00728  status    running → completed
//
// claude-sonnet-4-5-20250929: 2210 in, 120 out, 0.00663 USD
// claude-haiku-4-5-20251001: 450 in, 40 out, 0.00065 USD
// reported by the agent: {"turns":2,"cost_usd":0.00728,"input_tokens":2660,"output_tokens":160,"cache_read_tokens":1000,"cache_write_tokens":1200}
// completed: {"response":"There are two files."}
