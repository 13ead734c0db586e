import type { RecordOptions } from '../../usage/options';
import type { StreamEvent } from './event';

/** What an agent itself says that it used, as it is kept in `providerMetadata.reported`. */
export interface ReportedTotals {
  readonly turns?: number | undefined;
  /** With what was cached. */
  readonly input_tokens?: number | undefined;
  readonly output_tokens?: number | undefined;
  readonly total_tokens?: number | undefined;
  readonly cache_read_tokens?: number | undefined;
  readonly cache_write_tokens?: number | undefined;
  readonly cost_usd?: number | undefined;
}

/** How an agent says that it ended. */
export type Verdict =
  | { readonly output: object }
  | { readonly error: { readonly code: string; readonly message: string } }
  | { readonly cancelled: string };

/** A call of a tool, or of a sub-agent. */
export interface AgentStep {
  readonly name: string;
  /** `agent` for a sub-agent. */
  readonly kind: 'tool' | 'agent';
  readonly input?: unknown;
  /** The id of the step around it. */
  readonly parent?: string | undefined;
}

/** How such a call ended. */
export interface AgentStepEnd {
  readonly output?: unknown;
  /** What went wrong; undefined for nothing. */
  readonly error?: string | undefined;
}

/** What a reader of an agent's events may do with them. None of it throws but `record`. */
export interface AgentSink {
  /** The agent works. */
  started(): void;
  /** A message of the model. */
  turn(): void;
  /** @throws {RunError} `validation_error` for usage that cannot be read. */
  record(payload: object, options?: RecordOptions): void;
  report(totals: ReportedTotals): void;
  /** Does nothing for an id that an open step has. */
  stepStarted(id: string, step: AgentStep): void;
  /** Does nothing for an id that no open step has. */
  stepEnded(id: string, end: AgentStepEnd): void;
  note(name: string, data: object): void;
  /** How it ended; the last one counts. */
  settle(verdict: Verdict | null): void;
}

/** Takes the events of a stream in order; says whether it knew the event. */
export type TakeEvent = (event: StreamEvent) => boolean;

/** Reads the events of one kind of agent. */
export interface AgentReader {
  readonly agent: 'claude' | 'codex' | 'gemini';
  readonly provider: string;
  /** The session, where this is an event of a stream of this agent; undefined where it is not. */
  sessionOf(event: StreamEvent): string | undefined;
  open(sink: AgentSink, sessionId: string): TakeEvent;
}
