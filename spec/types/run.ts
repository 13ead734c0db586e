import type {
  AnyRun,
  ReadBack,
  JsonObject,
  JsonValue,
  ListenerErrorEvent,
  RunAttributes,
  RunErrorCode,
  RunEvents,
  RunJSON,
  RunLimits,
  RunStatus,
  StatusChangedEvent,
  TokenUsage,
  TraceContext,
  UsageUpdatedEvent,
  ValidationIssue,
} from 'agent-run';
import { Run, RUN_STATUSES, RUN_TRANSITIONS, RunError } from 'agent-run';

/** True where both types take each other's values, and neither is `any`. */
type Same<A, B> = 0 extends 1 & A ? false : [A, B] extends [B, A] ? true : false;
const same = <A, B>(verdict: Same<A, B>): boolean => verdict;

interface Question {
  prompt: string;
  messages: { role: string; content: string }[];
}

interface Reply {
  response: string;
  sources?: string[];
}

class Settings {
  constructor(readonly retries: number) {}
}

declare const question: Question;
declare const reply: Reply;

// Attributes: what a user has at hand compiles, what is none does not.
const run = new Run({ sessionId: 'session-123' });
const typed = new Run<Question, Reply>({ sessionId: 'session-123', input: question });
const inferred = new Run({ sessionId: 'session-123', input: { prompt: 'Hi', at: new Date() } });
export const optional: RunAttributes = {
  sessionId: 's',
  id: undefined,
  input: null,
  metadata: new Settings(3),
  provider: null,
  providerMetadata: reply,
  limits: { maxTurns: 3 },
};
// @ts-expect-error: a run is of a session
export const homeless = new Run({});
// @ts-expect-error: no attribute of that name
export const misspelt = new Run({ sessionId: 's', session_id: 's' });
// @ts-expect-error: the input is an object
export const texted = new Run({ sessionId: 's', input: 'Hi' });
// @ts-expect-error: not the input that was promised
export const other = new Run<Question>({ sessionId: 's', input: { prompt: 'Hi' } });
// @ts-expect-error: an input is an object
export type TextRun = Run<string>;

// What is readable, and its types.
same<typeof run.id, string>(true);
same<typeof run.status, RunStatus>(true);
same<RunStatus, 'pending' | 'running' | 'completed' | 'failed' | 'cancelled' | 'timeout'>(true);
same<typeof run.parentRunId, string | null>(true);
same<typeof run.turnCount, number>(true);
same<typeof run.tokenUsage, TokenUsage>(true);
same<typeof run.costUsd, number | null>(true);
same<typeof run.startedAt, Date>(true);
same<typeof run.endedAt, Date | null>(true);
same<typeof run.durationMs, number | null>(true);
same<typeof run.isTerminal, boolean>(true);
same<typeof run.limits, RunLimits | null>(true);
same<typeof run.metadata, JsonObject>(true);
same<typeof run.provider, string | null>(true);
same<typeof run.traceContext, TraceContext | null>(true);
same<typeof run.error, JsonObject | null>(true);
same<typeof typed.input, ReadBack<Question> | null>(true);
export const prompt: string | undefined = typed.input?.prompt;
export const content: string | undefined = typed.input?.messages[0]?.content;
export const sources: readonly string[] | undefined = typed.output?.sources;
export const guessed: string | undefined = inferred.input?.prompt;
export const anyMember: JsonValue | undefined = run.output?.['response'];
export const together: unknown = [run.status, run.output, run.input, run.error];

// Nothing of it is assignable but metadata, providerMetadata, provider and traceContext.
run.metadata = { a: 1 };
run.metadata = reply;
run.metadata = new Settings(3);
run.providerMetadata = question;
run.provider = 'openai';
run.provider = null;
run.traceContext = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };
// @ts-expect-error: a text is no object
run.metadata = 'text';
// @ts-expect-error: no number
run.provider = 7;
// @ts-expect-error: read only
run.id = 'mine';
// @ts-expect-error: read only
run.sessionId = 'mine';
// @ts-expect-error: read only
run.status = 'running';
// @ts-expect-error: read only
run.output = { a: 1 };
// @ts-expect-error: read only
run.input = { a: 1 };
// @ts-expect-error: read only
run.error = { a: 1 };
// @ts-expect-error: read only
run.turnCount = 1;
// @ts-expect-error: read only
run.tokenUsage = {};
// @ts-expect-error: read only
run.costUsd = 1;
// @ts-expect-error: read only
run.startedAt = new Date();
// @ts-expect-error: read only
run.endedAt = null;
// @ts-expect-error: read only
run.isTerminal = true;
// @ts-expect-error: read only within
run.tokenUsage.input_tokens = 1;
// @ts-expect-error: read only within
run.metadata['a'] = 1;
if (typed.input !== null) {
  // @ts-expect-error: read only within
  typed.input.prompt = 'Hello';
  // @ts-expect-error: read only at depth
  typed.input.messages[0] = { role: 'user', content: 'Hi' };
}

// Operations chain, and take a user's interfaces.
same<ReturnType<typeof typed.updateStatus>, typeof typed>(true);
typed
  .updateStatus('running')
  .incrementTurn()
  .updateTokenUsage({ input_tokens: 1 })
  .addCost(0.1)
  .setOutput(reply);
run.setOutput({ response: 'Hello!' });
run.setOutput(reply);
run.setOutput(new Settings(3));
run.setError(new TypeError('x'), { stack: true });
run.setError({ code: 'provider_error', at: new Date() });
run.cancel();
run.cancel('The user left');
run.cancel(new Error('Shutting down'));
// @ts-expect-error: no status
run.updateStatus('done');
// @ts-expect-error: an output is an object
run.setOutput('Hello!');
// @ts-expect-error: not the output that was promised
typed.setOutput({ answer: 'Hello!' });
// @ts-expect-error: an error is an object
run.setError('failed');
// @ts-expect-error: dollars are a number
run.addCost('0.1');
// @ts-expect-error: usage is an object
run.updateTokenUsage(100);
// @ts-expect-error: a turn is a turn
run.incrementTurn(2);

// Events: each with its payload, no others.
run.on('statusChanged', ({ run: live, from, to, at }) => {
  const moved: [RunStatus, RunStatus, number] = [from, to, at];
  return live.setOutput({ moved });
});
typed.once('statusChanged', ({ run: live }) => live.output?.response);
run.on('turnIncremented', ({ turnCount, at }) => turnCount + at);
run.on('usageUpdated', ({ delta, tokenUsage, costUsd }) => {
  const seen: [TokenUsage, TokenUsage, number | null] = [delta, tokenUsage, costUsd];
  return seen.length;
});
run.on('attributesChanged', ({ names }) => names.includes('metadata'));
run.on('limitApproaching', ({ limit, allowed, actual }) => [limit, allowed, actual]);
run.on('listenerError', ({ event, error: thrown }: ListenerErrorEvent) => {
  const seen: [string, unknown] = [event, thrown];
  return seen.length;
});
run.off('statusChanged').removeAllListeners('turnIncremented').removeAllListeners();
same<keyof RunEvents, (typeof NAMES)[number]>(true);
const NAMES = [
  'statusChanged',
  'turnIncremented',
  'usageUpdated',
  'attributesChanged',
  'limitApproaching',
  'childCreated',
  'stepStarted',
  'stepEnded',
  'noted',
  'parked',
  'answered',
  'listenerError',
] as const;
export const heard: number = NAMES.reduce((sum, name) => sum + run.listenerCount(name), 0);
export const handler = (event: StatusChangedEvent): string => `${event.from} ${event.to}`;
run.on('statusChanged', handler);
typed.on('statusChanged', handler);
export const usageHandler = ({ run: live }: UsageUpdatedEvent): number => live.turnCount;
typed.on('usageUpdated', usageHandler);
// @ts-expect-error: no event of that name
run.on('statusChange', () => undefined);
// @ts-expect-error: no event of that name
run.once('completed', () => undefined);
// @ts-expect-error: no event of that name
run.listenerCount('error');
// @ts-expect-error: the payload has no such key
run.on('turnIncremented', ({ turns }) => typeof turns);
// @ts-expect-error: one argument, no more
run.on('statusChanged', (from: string, to: string) => from + to);
// @ts-expect-error: another event's payload
run.on('turnIncremented', handler);
// @ts-expect-error: facts do not change
run.on('statusChanged', (event) => (event.to = 'running'));

// Any run is an AnyRun.
declare const observe: (subject: AnyRun) => void;
observe(run);
observe(typed);
observe(inferred);
export const runs: AnyRun[] = [run, typed, inferred];
export const statuses: RunStatus[] = runs.map(({ status }) => status);
export const members: object | null | undefined = runs[0]?.output;
// @ts-expect-error: a run of another output
export const mismatched: Run<Question, Reply> = run;

// Its record.
export const json: RunJSON = run.toJSON();
same<typeof json.session_id, string>(true);
same<typeof json.ended_at, string | null>(true);
export const again: Run = Run.fromJSON(JSON.parse('{}'));
export const againTyped: Run<Question, Reply> = Run.fromJSON<Question, Reply>(json);
export const back: Run = Run.fromJSON(json);
// @ts-expect-error: a record does not change
json.status = 'running';

// The tables.
export const first: RunStatus | undefined = RUN_STATUSES[0];
export const allowed: readonly RunStatus[] = RUN_TRANSITIONS.pending;
// @ts-expect-error: read only
RUN_TRANSITIONS.pending[0] = 'pending';
// @ts-expect-error: no status
export const none: keyof typeof RUN_TRANSITIONS = 'done';

// Errors.
const error = new RunError('conflict', 'x', { details: { a: 1 }, cause: 7, retryable: true });
export const code: RunErrorCode | (string & {}) = error.code;
export const plain: { readonly name: string; readonly code: string; readonly retryable: boolean } =
  error.toJSON();
export const issues = error.details['issues'] as ValidationIssue[];
export const isError: Error = error;
// @ts-expect-error: read only
error.code = 'timeout';
