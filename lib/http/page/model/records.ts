/** What the routes give, as far as the page reads it. */

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

export interface JsonObject {
  readonly [key: string]: JsonValue | undefined;
}

export const STATUSES = ['pending', 'running', 'completed', 'failed', 'cancelled', 'timeout'] as const;

export type Status = (typeof STATUSES)[number];

/**
 * The statuses that are shown: `waiting` and `answered` for a parked run, `unknown` for a step whose end
 * was never reported.
 */
export type ShownStatus = Status | 'waiting' | 'answered' | 'unknown';

export interface Awaiting {
  readonly reason: string | null;
  readonly data: JsonValue;
  readonly state: JsonValue;
  readonly since: string;
  readonly expires_at: string | null;
  readonly answer?: JsonValue;
}

export interface RunRecord {
  readonly id: string;
  readonly session_id: string;
  readonly status: Status;
  readonly input: JsonObject | null;
  readonly output: JsonObject | null;
  readonly error: JsonObject | null;
  readonly metadata: JsonObject | null;
  readonly turn_count: number;
  readonly token_usage: JsonObject | null;
  readonly started_at: string;
  readonly running_at?: string | null;
  readonly ended_at: string | null;
  readonly provider: string | null;
  readonly cost_usd: number | null;
  readonly provider_metadata: JsonObject | null;
  readonly parent_run_id?: string | null;
  readonly root_run_id?: string | null;
  readonly limits?: JsonObject | null;
  readonly usage_by_model?: Readonly<Record<string, JsonObject>> | null;
  readonly awaiting?: Awaiting | null;
  readonly trace_context?: JsonValue;
}

export interface Lease {
  readonly owner: string;
  readonly expires_at: string;
}

export interface Entry {
  readonly position: number;
  readonly run_id: string;
  readonly session_id: string;
  readonly seq: number;
  readonly type: string;
  readonly data: JsonObject;
  readonly at: string;
}

export interface RunPage {
  readonly runs: readonly RunRecord[];
  readonly next_cursor: string | null;
}

export interface RunDetail {
  readonly run: RunRecord;
  readonly lease: Lease | null;
}

export interface SummaryRow {
  readonly group: Readonly<Record<string, string | null>>;
  readonly runs: number;
  readonly turns: number;
  readonly token_usage: JsonObject;
  readonly cost_usd: number | null;
  readonly unpriced_requests: number;
}

export interface SummaryAnswer {
  readonly rows: readonly SummaryRow[];
}

/** Whether nothing will come any more. */
export function hasEnded(run: RunRecord): boolean {
  return run.status !== 'pending' && run.status !== 'running';
}

/** A parked run is running to the store; to a person it waits. */
export function shownStatus(run: RunRecord): ShownStatus {
  if (hasEnded(run) || !run.awaiting) return run.status;
  return 'answer' in run.awaiting ? 'answered' : 'waiting';
}

/** All tokens that a run or a group of runs used: the total where one was reported, else input and output. */
export function tokensOf(usage: JsonObject | null | undefined): number | null {
  if (!usage) return null;
  const total = usage['total_tokens'];
  if (typeof total === 'number') return total;
  const parts = [usage['input_tokens'], usage['output_tokens']].filter((part) => typeof part === 'number');
  return parts.length === 0 ? null : parts.reduce((sum, part) => sum + part, 0);
}

/** The number under a key, or null where there is none. */
export function numberAt(object: JsonObject | null | undefined, key: string): number | null {
  const value = object?.[key];
  return typeof value === 'number' ? value : null;
}

/** The text under a key, or null where there is none. */
export function textAt(object: JsonObject | null | undefined, key: string): string | null {
  const value = object?.[key];
  return typeof value === 'string' && value !== '' ? value : null;
}

/** The object under a key, or null where there is none. */
export function objectAt(object: JsonObject | null | undefined, key: string): JsonObject | null {
  const value = object?.[key];
  return isObject(value) ? value : null;
}

/** Whether a value is an object and no array. */
export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What names an error for a person: its code, else its class. */
export function errorName(error: JsonObject | null): string {
  return textAt(error, 'code') ?? textAt(error, 'name') ?? 'error';
}
