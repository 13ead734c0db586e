import type { JsonObject } from 'agent-run';
import type { RecordedUsage, RecordOptions } from 'agent-run/usage';

/** One line of a stream, parsed. */
export type StreamEvent = Readonly<Record<string, unknown>>;

/** What an agent itself said it used. */
export interface ReportedTotals {
  readonly turns?: number | undefined;
  /** With what was cached. */
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
  readonly totalTokens?: number | undefined;
  readonly cacheReadTokens?: number | undefined;
  readonly cacheWriteTokens?: number | undefined;
  readonly costUsd?: number | undefined;
}

/** How an agent says that it ended. */
export type Verdict =
  { readonly output: JsonObject } | { readonly error: { readonly code: string; readonly message: string } };

/** What a reader of an agent's events may do with them. */
export interface EventSink {
  /** The agent works. */
  started(): void;
  /** A message of the model. */
  turn(): void;
  record(payload: object, options?: RecordOptions): RecordedUsage;
  report(totals: ReportedTotals): void;
  /** How it ended; the last one counts. */
  settle(verdict: Verdict): void;
}

/** Reads the events of one kind of agent. */
export interface AgentReader {
  readonly agent: string;
  readonly provider: string;
  /** The session, where this is an event that opens a stream of this agent; undefined where it is not. */
  sessionOf(event: StreamEvent): string | undefined;
  /** Takes the stream's events in order. */
  open(sink: EventSink): (event: StreamEvent) => void;
}

export function textAt(event: StreamEvent, ...path: readonly string[]): string | undefined {
  const value = valueAt(event, ...path);
  return typeof value === 'string' ? value : undefined;
}

export function numberAt(event: StreamEvent, ...path: readonly string[]): number | undefined {
  const value = valueAt(event, ...path);
  return typeof value === 'number' ? value : undefined;
}

export function objectAt(event: StreamEvent, ...path: readonly string[]): StreamEvent | undefined {
  const value = valueAt(event, ...path);
  return isEvent(value) ? value : undefined;
}

export function isEvent(value: unknown): value is StreamEvent {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The sum over the members of an object; undefined where none has the count. */
export function sumOver(members: StreamEvent, ...names: readonly string[]): number | undefined {
  const counts = Object.values(members)
    .filter(isEvent)
    .flatMap((member) => names.map((name) => numberAt(member, name)))
    .filter((count) => count !== undefined);
  return counts.length === 0 ? undefined : counts.reduce((sum, count) => sum + count, 0);
}

function valueAt(event: StreamEvent, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((value, key) => (isEvent(value) ? value[key] : undefined), event);
}
