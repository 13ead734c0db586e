import type { JsonObject, JsonValue } from './json';
import type { RunStatus } from './status';
import type { TokenUsage } from './token-usage';
import type { TraceContext } from './trace-context';

/**
 * The record of a run: what `toJSON()` gives and `Run.fromJSON` takes.
 *
 * Fourteen keys are always there; the others only when they are set. Keys of a later version are
 * kept and written back.
 */
export interface RunJSON {
  /** Unique. */
  readonly id: string;
  /** The session that the run belongs to. */
  readonly session_id: string;
  /** Where the run stands. */
  readonly status: RunStatus;
  /** What went in. */
  readonly input: JsonObject | null;
  /** What came out. */
  readonly output: JsonObject | null;
  /** What went wrong. */
  readonly error: JsonObject | null;
  /** Whatever the caller keeps with the run. */
  readonly metadata: JsonObject;
  /** How many turns the run itself has taken. */
  readonly turn_count: number;
  /** The run's own counters. */
  readonly token_usage: TokenUsage;
  /** ISO 8601 in UTC. */
  readonly started_at: string;
  /** ISO 8601 in UTC; null while the run lasts. */
  readonly ended_at: string | null;
  /** Who executed the run; null while unknown. */
  readonly provider: string | null;
  /** US dollars; null while unknown. */
  readonly cost_usd: number | null;
  /** What the provider says about the run. */
  readonly provider_metadata: JsonObject;
  /** The run that this one is a child of. */
  readonly parent_run_id?: string;
  /** The run at the top of the tree; of a child only. */
  readonly root_run_id?: string;
  /** When the run first went to `running`: ISO 8601 in UTC. */
  readonly running_at?: string;
  /** What the run may use. */
  readonly limits?: {
    /** Turns of the run itself. */
    readonly max_turns?: number;
    /** Tokens of the run and its descendants. */
    readonly max_total_tokens?: number;
    /** US dollars, the run and its descendants. */
    readonly max_cost_usd?: number;
    /** Whether requests without a price may pass. */
    readonly allow_unpriced?: boolean;
    /** From 0 to 1. */
    readonly approaching_ratio?: number;
  };
  /** Where the run stands in a distributed trace. */
  readonly trace_context?: TraceContext;
  /** What each model used. */
  readonly usage_by_model?: Readonly<Record<string, JsonObject>>;
  /** What a parked run waits for. */
  readonly awaiting?: {
    /** Why it waits. */
    readonly reason: string | null;
    /** What the person who answers is to see. */
    readonly data: JsonObject | null;
    /** What the run needs to go on. */
    readonly state: JsonObject | null;
    /** ISO 8601 in UTC. */
    readonly since: string;
    /** ISO 8601 in UTC; null for never. */
    readonly expires_at: string | null;
    /** The answer, once it is there. */
    readonly answer?: JsonValue;
  };
  /** What a `UsageMeter` has counted, for a later one to go on from. */
  readonly usage_meter?: JsonObject;
}
