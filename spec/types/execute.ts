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
export const text: Promise<string> = new Run({ sessionId: 's' }).execute(() => 'Hello!');
export const reply: Promise<Reply> = run.execute(() => Promise.resolve({ response: 'Hello!' }));
export const nothing: Promise<void> = run.execute(() => undefined);
// @ts-expect-error: a text is no number
export const count: Promise<number> = new Run({ sessionId: 's' }).execute(() => 'Hello!');
// A run that declares its output takes a function of that output, of nothing, or of a parking.
// @ts-expect-error: no reply
void run.execute(() => 'Hello!');
// @ts-expect-error: another reply
void run.execute(() => Promise.resolve({ answer: 'Hello!' }));
void run.execute(({ run: executed }) => executed.park({ reason: 'approval' }));
// @ts-expect-error: no function
void run.execute('Hello!');

// The context has the run with its types, and a signal that clients take.
void run.execute(({ run: executed, signal }) => {
  executed.setOutput({ response: executed.input?.prompt ?? '' });
  // @ts-expect-error: no such output
  executed.setOutput({ answer: 'Hello!' });
  return fetch('https://model.example/', { signal }).then(() => undefined);
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

// What is read back is as JSON gives it.
interface Task {
  due: Date;
  tags: string[];
  note?: string;
  nested: { at: Date; pair: [Date, number] };
}
declare const taskRun: Run<Task, Reply>;
export const due: string | undefined = taskRun.input?.due;
export const at: string | undefined = taskRun.input?.nested.at;
export const pair: readonly [string, number] | undefined = taskRun.input?.nested.pair;
export const tags: readonly string[] | undefined = taskRun.input?.tags;
// @ts-expect-error: a date is a text once it is read back
export const dueDate: Date | undefined = taskRun.input?.due;
// A type whose lists are readonly takes what is read back as it is; another takes an assertion.
interface Reader {
  readonly prompt: string;
  readonly tags: readonly string[];
}
interface Writer {
  prompt: string;
  tags: string[];
}
declare const readerRun: Run<Reader>;
declare const writerRun: Run<Writer>;
export const reader: Reader | null = readerRun.input;
export const writer = writerRun.input as Writer | null;

// Counters that a meter writes are numbers.
export const inputTokens: number = run.tokenUsage.input_tokens ?? 0;
export const requests: number | undefined = run.totals.tokenUsage.requests;

// A record is read as a run of the class that reads it.
class TaggedRun extends Run<Question, Reply> {
  tag(): string {
    return this.id;
  }
}
export const tagged: TaggedRun = TaggedRun.fromJSON({});
export const tag: string = TaggedRun.fromJSON({}).tag();
export const plain: Run = Run.fromJSON({});
export const typed: Run<Question, Reply> = Run.fromJSON<Question, Reply>({});
export const prompt: string | undefined = Run.fromJSON<Question>({}).input?.prompt;

// A generic subclass is read as itself; whoever reads it names its payloads.
class PricedRun<In extends object, Out extends object> extends Run<In, Out> {
  price(): number {
    return 1;
  }
}
export const priced = PricedRun.fromJSON({}) as PricedRun<Question, Reply>;
export const price: number = PricedRun.fromJSON({}).price();
