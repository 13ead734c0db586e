/**
 * The floor: what somebody writes by hand who wants nothing but speed. A plain object, a mapper and a
 * guard for its JSON, listeners in arrays, ids from the uuid package with pooled randomness, times
 * written by arithmetic. Payloads are checked and copied by ten lines, or kept by reference. A listener
 * that throws stops everything.
 */
import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';
import type { Subject } from '../subject';
import { repeated } from '../subject';
import type { Listening, Usage, WritingKeeper } from '../work';
import { INPUT, listen, live, METADATA, mutate, SESSION_ID } from '../work';

type Listener = (event: object) => void;
type Status = 'pending' | 'running' | 'completed' | 'failed' | 'cancelled' | 'timeout';

export interface FloorRun {
  id: string;
  sessionId: string;
  status: Status;
  input: object | null;
  output: object | null;
  error: object | null;
  metadata: object;
  turnCount: number;
  usage: Record<string, number>;
  startedAt: number;
  endedAt: number | null;
  provider: string | null;
  costUsd: number | null;
  providerMetadata: object;
  statusListeners: Listener[] | null;
  turnListeners: Listener[] | null;
  usageListeners: Listener[] | null;
}

const ALLOWED: Record<Status, readonly Status[]> = {
  pending: ['running', 'completed', 'failed', 'cancelled', 'timeout'],
  running: ['completed', 'failed', 'cancelled', 'timeout'],
  completed: [],
  failed: [],
  cancelled: [],
  timeout: [],
};

export function createFloorRun(input: object | null, metadata: object): FloorRun {
  return {
    id: createId(),
    sessionId: SESSION_ID,
    status: 'pending',
    input,
    output: null,
    error: null,
    metadata,
    turnCount: 0,
    usage: {},
    startedAt: Date.now(),
    endedAt: null,
    provider: 'openai',
    costUsd: null,
    providerMetadata: {},
    statusListeners: null,
    turnListeners: null,
    usageListeners: null,
  };
}

export function addListeners(run: FloorRun, count: number): void {
  if (count === 0) return;
  const listeners = Array.from({ length: count }, () => listen);
  run.statusListeners = [...listeners];
  run.turnListeners = [...listeners];
  run.usageListeners = [...listeners];
}

export function moveFloorRun(run: FloorRun, to: Status): void {
  const from = run.status;
  if (!ALLOWED[from].includes(to)) throw new Error(`cannot go from ${from} to ${to}`);
  const at = Date.now();
  run.status = to;
  if (ALLOWED[to].length === 0) run.endedAt = at;
  if (run.statusListeners !== null) dispatch(run.statusListeners, { run, from, to, at });
}

export function turnFloorRun(run: FloorRun): void {
  if (ALLOWED[run.status].length === 0) throw new Error('has ended');
  run.turnCount += 1;
  if (run.turnListeners !== null) {
    dispatch(run.turnListeners, { run, turnCount: run.turnCount, at: Date.now() });
  }
}

export function useFloorRun(run: FloorRun, delta: Usage): void {
  for (const [counter, count] of Object.entries(delta) as [string, number][]) {
    if (!(count >= 0) || count === Infinity) throw new Error(`${counter} is no count`);
    run.usage[counter] = (run.usage[counter] ?? 0) + count;
  }
  if (run.usageListeners !== null) {
    const { costUsd } = run;
    dispatch(run.usageListeners, { run, delta, tokenUsage: { ...run.usage }, costUsd, at: Date.now() });
  }
}

function dispatch(listeners: readonly Listener[], event: object): void {
  for (const listener of listeners) listener(event);
}

/** A copy of what JSON can carry; an error for anything else. */
function copied(value: unknown): unknown {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (Array.isArray(value)) return value.map(copied);
  if (typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) {
    throw new Error('JSON cannot carry it');
  }
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) copy[key] = copied((value as Record<string, unknown>)[key]);
  return copy;
}

function write(run: FloorRun): string {
  return JSON.stringify({
    id: run.id,
    session_id: run.sessionId,
    status: run.status,
    input: run.input,
    output: run.output,
    error: run.error,
    metadata: run.metadata,
    turn_count: run.turnCount,
    token_usage: run.usage,
    started_at: isoTime(run.startedAt),
    ended_at: run.endedAt === null ? null : isoTime(run.endedAt),
    provider: run.provider,
    cost_usd: run.costUsd,
    provider_metadata: run.providerMetadata,
  });
}

function read(text: string): FloorRun {
  const json = JSON.parse(text) as Record<string, unknown>;
  guard(json);
  return {
    id: json['id'],
    sessionId: json['session_id'],
    status: json['status'],
    input: json['input'],
    output: json['output'],
    error: json['error'],
    metadata: json['metadata'],
    turnCount: json['turn_count'],
    usage: { ...(json['token_usage'] as object) },
    startedAt: Date.parse(json['started_at'] as string),
    endedAt: json['ended_at'] === null ? null : Date.parse(json['ended_at'] as string),
    provider: json['provider'],
    costUsd: json['cost_usd'],
    providerMetadata: json['provider_metadata'],
    statusListeners: null,
    turnListeners: null,
    usageListeners: null,
  } as FloorRun;
}

const TEXTS = ['id', 'session_id', 'status', 'started_at'];
const OPTIONAL_TEXTS = ['ended_at', 'provider'];
const OBJECTS = ['metadata', 'token_usage', 'provider_metadata'];
const OPTIONAL_OBJECTS = ['input', 'output', 'error'];
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

function guard(json: Record<string, unknown>): void {
  for (const key of TEXTS) if (typeof json[key] !== 'string' || json[key] === '') refuse(key);
  for (const key of OPTIONAL_TEXTS) if (json[key] !== null && typeof json[key] !== 'string') refuse(key);
  for (const key of OBJECTS) if (!isObject(json[key])) refuse(key);
  for (const key of OPTIONAL_OBJECTS) if (json[key] !== null && !isObject(json[key])) refuse(key);
  if (!((json['status'] as string) in ALLOWED)) refuse('status');
  if (!Number.isSafeInteger(json['turn_count']) || (json['turn_count'] as number) < 0) refuse('turn_count');
  if (json['cost_usd'] !== null && !Number.isFinite(json['cost_usd'])) refuse('cost_usd');
  if (!TIME.test(json['started_at'] as string)) refuse('started_at');
  if (json['ended_at'] !== null && !TIME.test(json['ended_at'] as string)) refuse('ended_at');
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refuse(key: string): never {
  throw new Error(`bad ${key}`);
}

const pool = new Uint8Array(16 * 256);
const bytes = Buffer.alloc(16);
let offset = pool.length;
let lastMs = 0;
let sequence = 0;

function createId(): string {
  if (offset === pool.length) {
    randomFillSync(pool);
    offset = 0;
  }
  const random = pool.subarray(offset, (offset += 16));
  const now = Date.now();
  if (now > lastMs) {
    lastMs = now;
    sequence = 0;
  }
  v7({ random, msecs: lastMs, seq: sequence++ }, bytes);
  return `run_${bytes.toString('hex')}`;
}

const DAY_MS = 86_400_000;
let day = 0;
let date = '';

function isoTime(ms: number): string {
  const today = Math.floor(ms / DAY_MS);
  if (today !== day) {
    day = today;
    date = new Date(ms).toISOString().slice(0, 11);
  }
  const rest = ms - today * DAY_MS;
  const hours = two(Math.floor(rest / 3_600_000));
  const minutes = two(Math.floor(rest / 60_000) % 60);
  const seconds = two(Math.floor(rest / 1000) % 60);
  return `${date}${hours}:${minutes}:${seconds}.${String(rest % 1000).padStart(3, '0')}Z`;
}

function two(value: number): string {
  return value < 10 ? `0${value}` : `${value}`;
}

/** How the floor is used. */
interface Floor extends Listening {
  /** Whether payloads are checked and copied, as `Run` does. */
  readonly copies: boolean;
}

export function floorKeeper({ listeners, copies }: Floor): WritingKeeper<FloorRun> {
  const taken = copies ? (payload: object) => copied(payload) as object : (payload: object) => payload;
  return {
    create() {
      const run = createFloorRun(taken(INPUT), taken(METADATA));
      addListeners(run, listeners);
      return run;
    },
    start: (run) => moveFloorRun(run, 'running'),
    turn: turnFloorRun,
    use: useFloorRun,
    finish(run, output) {
      run.output = taken(output);
      moveFloorRun(run, 'completed');
    },
    write,
    read,
  };
}

export function lifecycle(parameters: Floor): Subject {
  const keeper = floorKeeper(parameters);
  return repeated(() => live(keeper));
}

export function mutations(parameters: Floor): Subject {
  const keeper = floorKeeper(parameters);
  return repeated(() => mutate(keeper));
}
