import { Run } from 'agent-run';
import type { ExecuteOptions, RunLimitName, RunLimits, RunTotals } from 'agent-run';

interface Question {
  prompt: string;
}

interface Reply {
  response: string;
}

declare const held: RunLimits;
const run = new Run<Question, Reply>({ sessionId: 'session-123', input: { prompt: 'Hi' } });

// What the function returns is what the caller gets, awaited.
export const text: Promise<string> = run.execute(() => 'Hello!');
export const reply: Promise<Reply> = run.execute(() => Promise.resolve({ response: 'Hello!' }));
export const nothing: Promise<void> = run.execute(() => undefined);
// @ts-expect-error: a text is no number
export const count: Promise<number> = run.execute(() => 'Hello!');
// @ts-expect-error: no function
void run.execute('Hello!');

// The context has the run with its types, and a signal that clients take.
void run.execute(({ run: executed, signal }) => {
  executed.setOutput({ response: executed.input?.prompt ?? '' });
  // @ts-expect-error: no such output
  executed.setOutput({ answer: 'Hello!' });
  return fetch('https://model.example/', { signal });
});

export const options: ExecuteOptions = {
  timeoutMs: 120_000,
  graceMs: 2_000,
  signal: new AbortController().signal,
  limits: {
    maxTurns: 20,
    maxTotalTokens: 200_000,
    maxCostUsd: 0.5,
    allowUnpriced: true,
    approachingRatio: 0.9,
  },
};
export const noSignal: ExecuteOptions = { signal: null };
// @ts-expect-error: no option of that name
export const misspelt: ExecuteOptions = { timeout: 120_000 };
// @ts-expect-error: no limit of that name
export const noLimit: ExecuteOptions = { limits: { maxTokens: 1 } };

export const limits: RunLimits | null = run.limits;
// @ts-expect-error: read only
run.limits = { maxTurns: 1 };
// @ts-expect-error: read only within too
held.maxTurns = 1;

run.on('limitApproaching', ({ limit, allowed, actual }) => {
  const near: RunLimitName = limit;
  return `${near}: ${actual / allowed}`;
});

const child = run.createChild<{ task: string }, Reply>({ input: { task: 'search' } });
export const task: string | undefined = child.input?.task;
export const parent: string | null = child.parentRunId;
// @ts-expect-error: a child is of its parent's session
run.createChild({ sessionId: 'session-456' });

export const totals: RunTotals = run.totals;
// @ts-expect-error: read only
run.totals.turns = 0;

// @ts-expect-error: there may be no run
export const id: string = Run.current().id;
export const maybeId: string | undefined = Run.current()?.id;
