import type { Wait } from './awaiting';
import { CostSum } from './cost';
import type { Field, KeptKey } from './fields';
import type { JsonObject, JsonValue } from './json';
import { ownMember } from './json';
import type { RunLimits } from './limits';
import { mergeLimits } from './limits';
import type { RunView } from './run-view';
import type { RunStatus } from './status';
import { isTerminalStatus } from './status';
import { formatTimestamp } from './timestamp';
import type { Counters, TokenUsage } from './token-usage';
import { addUsage, checkSums, copyUsage, freezeUsage } from './token-usage';
import type { TraceContext } from './trace-context';

/** Frozen, since every run without such a payload shares it. */
export const NOTHING: JsonObject = Object.freeze({});

/** What a run is made with. */
export interface RunOrigin {
  readonly id: string;
  readonly sessionId: string;
  readonly input: JsonObject | null;
  readonly metadata: JsonObject | null;
  readonly provider: string | null;
  readonly providerMetadata: JsonObject | null;
  readonly limits: RunLimits | null;
}

/** Digits of times beyond the millisecond, by attribute. */
export type Digits = Readonly<Record<string, string>>;

/** What few runs have. */
interface Rare {
  /** What a parked run waits for. */
  wait?: Wait | null;
  /** What the times of an incoming record had beyond the millisecond. */
  digits?: Digits | null;
  /** The keys of an incoming record that no run itself keeps. */
  unknown?: JsonObject | null;
  /** Keys that other parts of the package write into the record. */
  keptKeys?: Map<KeptKey, () => JsonObject | null>;
}

/**
 * The data of a run, under the names of its attributes. It holds to no rules: which change is allowed when
 * is up to the run.
 */
export class RunState implements RunView {
  readonly id: string;
  readonly sessionId: string;
  status: RunStatus = 'pending';
  input: JsonObject | null;
  output: JsonObject | null = null;
  error: JsonObject | null = null;
  metadata: JsonObject;
  provider: string | null;
  providerMetadata: JsonObject;
  turnCount = 0;
  /** In milliseconds since the epoch, as the other times. */
  startedAt: number;
  runningAt: number | null = null;
  endedAt: number | null = null;
  parentRunId: string | null = null;
  /** Null for a root. */
  rootRunId: string | null = null;
  limits: RunLimits | null;
  traceContext: TraceContext | null = null;
  cost: CostSum | null = null;
  counters: Counters | null = null;
  usage: TokenUsage | null = NOTHING;
  /** What few runs have, in one object: runs are many. */
  rare: Rare | null = null;

  constructor(origin: RunOrigin, startedAt: number) {
    this.id = origin.id;
    this.sessionId = origin.sessionId;
    this.input = origin.input;
    this.metadata = origin.metadata ?? NOTHING;
    this.provider = origin.provider;
    this.providerMetadata = origin.providerMetadata ?? NOTHING;
    this.limits = mergeLimits(null, origin.limits);
    this.startedAt = startedAt;
  }

  get awaiting(): Wait | null {
    return this.rare?.wait ?? null;
  }

  set awaiting(wait: Wait | null) {
    if (wait !== null || this.rare !== null) rareOf(this).wait = wait;
  }

  get isTerminal(): boolean {
    return isTerminalStatus(this.status);
  }

  /** The id of the run at the top of the tree; a root's own. */
  get topRunId(): string {
    return this.rootRunId ?? this.parentRunId ?? this.id;
  }

  /** Makes the run a child of the parent. */
  standBelow(parent: RunState): void {
    this.parentRunId = parent.id;
    this.rootRunId = parent.topRunId;
  }

  /** A frozen copy of the counters, made at most once between updates. */
  get tokenUsage(): TokenUsage {
    return (this.usage ??= freezeUsage(this.counters ?? {}));
  }

  /** A copy for an event, which is its listener's own: to freeze it would take longer than all the rest. */
  get passingUsage(): TokenUsage {
    return copyUsage(this.counters ?? NOTHING);
  }

  /** Never negative, whatever corrections add up to: a record with such a cost could not be read. */
  get costUsd(): number | null {
    return this.cost === null ? null : Math.max(0, this.cost.usd);
  }

  /** The keys of the record that this version does not know, and those that other parts kept before. */
  get unknown(): JsonObject | null {
    return this.rare?.unknown ?? null;
  }

  get keptKeys(): ReadonlyMap<KeptKey, () => JsonObject | null> | null {
    return this.rare?.keptKeys ?? null;
  }

  /** Keeps what an incoming record has beyond what this version knows of it. */
  keepIncoming(digits: Digits | null, unknown: JsonObject | null): void {
    if (digits !== null || unknown !== null) Object.assign(rareOf(this), { digits, unknown });
  }

  /** Keeps a key of another part in the record. */
  keep(key: KeptKey, write: () => JsonObject | null): void {
    (rareOf(this).keptKeys ??= new Map()).set(key, write);
  }

  /**
   * Adds counters and dollars; a refused update changes nothing.
   *
   * @throws {RunError} `validation_error` where a sum leaves the finite numbers
   */
  spend(delta: JsonObject | null, costUsd: number | null): void {
    if (delta !== null) {
      const counters = (this.counters ??= {});
      checkSums(counters, delta);
      addUsage(counters, delta);
      this.usage = null;
    }
    if (costUsd !== null) (this.cost ??= new CostSum()).add(costUsd);
  }

  /** A time of the record with every digit that an incoming one had. */
  timeText(attribute: Field['attribute']): string | null {
    const ms = (this as unknown as Readonly<Record<string, number | null>>)[attribute] ?? null;
    if (ms === null) return null;
    return this.rare?.digits?.[attribute] ?? formatTimestamp(ms);
  }

  /** What an incoming record had under a key that another part keeps. */
  kept(key: KeptKey): JsonValue | undefined {
    return ownMember(this.rare?.unknown ?? NOTHING, key) as JsonValue | undefined;
  }

  /** What a record written now has under a key that another part keeps. */
  written(key: KeptKey): JsonValue | null | undefined {
    const write = this.keptKeys?.get(key);
    return write === undefined ? this.kept(key) : write();
  }
}

function rareOf(state: RunState): Rare {
  return (state.rare ??= {});
}
