/** Executes runs: one that is in time, one that is not, one that spends too much, and one with a sub-agent. */
import { setTimeout } from 'node:timers/promises';
import { Run, RunError } from 'agent-run';
import type { ExecuteOptions, ExecutionContext } from 'agent-run';

type AgentFunction = (context: ExecutionContext<Run>) => unknown;

async function show(title: string, fn: AgentFunction, options: ExecuteOptions = {}): Promise<void> {
  console.log(title);
  const run = new Run({ sessionId: 'session-123' });
  run.on('statusChanged', ({ from, to }) => console.log(`  ${from} -> ${to}`));
  run.on('limitApproaching', ({ limit, actual, allowed }) =>
    console.log(`  ${limit}: ${actual} of ${allowed}`),
  );
  try {
    console.log('  resolved:', await run.execute(fn, options));
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    console.log(`  rejected: ${error.code}: ${error.message}`, error.details);
  }
  const { turns, tokenUsage, costUsd, runs } = run.totals;
  console.log(`  turns ${turns}, runs ${runs}, cost ${costUsd ?? 'unknown'}, tokens`, tokenUsage, '\n');
}

/** What stands for a call of a model: a turn, some usage, some cost. */
async function callModel(signal: AbortSignal, waitMs = 1): Promise<string> {
  const run = Run.current(); // Whoever calls need not hand the run on.
  run?.checkLimits(); // Throws where nothing is left for another call.
  run?.incrementTurn();
  await setTimeout(waitMs, undefined, { signal });
  run?.updateTokenUsage({ input_tokens: 100, output_tokens: 20 }).addCost(0.002);
  return 'Hello!';
}

async function main(): Promise<void> {
  await show('In time', ({ signal }) => callModel(signal), { timeoutMs: 10_000 });

  await show(
    'Too late: the signal stops the second call, the first is kept',
    async ({ signal }) => {
      await callModel(signal);
      return callModel(signal, 60_000);
    },
    { timeoutMs: 500 },
  );

  await show('Too late, and deaf to its signal: abandoned after graceMs', () => setTimeout(600), {
    timeoutMs: 20,
    graceMs: 20,
  });

  await show(
    'Too expensive: ended by the call that passed the limit',
    async ({ signal }) => {
      for (;;) await callModel(signal);
    },
    { limits: { maxCostUsd: 0.009 } },
  );

  await show(
    'A sub-agent: its use counts for its parent, whose limit stops both',
    async ({ run, signal }) => {
      await callModel(signal);
      const child = run.createChild({ input: { task: 'search' } });
      child.on('statusChanged', ({ to }) => console.log(`  child: ${to}`));
      return child.execute(async (context) => {
        for (;;) await callModel(context.signal);
      });
    },
    { limits: { maxTotalTokens: 400 } },
  );
}

void main();

// Prints:
// In time
//   pending -> running
//   running -> completed
//   resolved: Hello!
//   turns 1, runs 1, cost 0.002, tokens { input_tokens: 100, output_tokens: 20 }
//
// Too late: the signal stops the second call, the first is kept
//   pending -> running
//   running -> timeout
//   rejected: timeout: Run run_01a205faaf597528bef00c23ba5d06aa took longer than 500 ms { timeoutMs: 500 }
//   turns 2, runs 1, cost 0.002, tokens { input_tokens: 100, output_tokens: 20 }
//
// Too late, and deaf to its signal: abandoned after graceMs
//   pending -> running
//   running -> timeout
//   rejected: timeout: Run run_01a205fab14f712fb53d2c78d5671544 took longer than 20 ms { timeoutMs: 20, abandoned: true }
//   turns 0, runs 1, cost unknown, tokens {}
//
// Too expensive: ended by the call that passed the limit
//   pending -> running
//   maxCostUsd: 0.008 of 0.009
//   running -> failed
//   rejected: limit_exceeded: Limit maxCostUsd exceeded: 0.01 of 0.009 { limit: 'maxCostUsd', allowed: 0.009, actual: 0.01 }
//   turns 5, runs 1, cost 0.01, tokens { input_tokens: 500, output_tokens: 100 }
//
// A sub-agent: its use counts for its parent, whose limit stops both
//   pending -> running
//   child: running
//   maxTotalTokens: 360 of 400
//   running -> failed
//   child: cancelled
//   rejected: limit_exceeded: Limit maxTotalTokens exceeded: 480 of 400 { limit: 'maxTotalTokens', allowed: 400, actual: 480 }
//   turns 4, runs 2, cost 0.008, tokens { input_tokens: 400, output_tokens: 80 }
