import type { Counts } from './counts';

/** Whether a payload stands for one request, or is a snapshot of everything so far. */
export type UsageScope = 'request' | 'cumulative';

/** What a format of your own makes of a payload: the counts, and what else the payload says. */
export interface UsageReading extends Counts {
  /** The model, where the payload names it. */
  readonly model?: string | undefined;
  /** What it cost in US dollars, where the payload says so; taken before a computed price. */
  readonly costUsd?: number | undefined;
  /** The service tier or speed, where it is not the standard one: `flex`, `batch`, `priority`, `fast`. */
  readonly tier?: string | undefined;
}

/**
 * Reads a payload of your own.
 *
 * @returns the counts, `input_tokens` with what was cached and `output_tokens` with reasoning; an
 * array for a payload of several requests.
 *
 * @example
 * ```ts
 * const format: UsageFormat = (payload) => {
 *   const { tokensIn, tokensOut } = payload as MyUsage;
 *   return { input_tokens: tokensIn, output_tokens: tokensOut };
 * };
 * ```
 */
export type UsageFormat = (payload: unknown) => UsageReading | readonly UsageReading[];

/** What a payload says of one request, or of one model of a snapshot. */
export interface Reading {
  readonly model: string | null;
  readonly counts: Counts;
  /** US dollars; null where the payload does not say. */
  readonly costUsd: number | null;
  /** The tier or speed; null for the standard one. */
  readonly tier: string | null;
  /** The request's own id; null where it has none that is unique. */
  readonly id: string | null;
  /** Whether it is the whole report of its request, and replaces what was reported before, even by less. */
  readonly isWhole?: boolean;
}

/** An event of a stream of Anthropic's messages; messages of different agents may come mixed. */
export interface StreamedEvent {
  readonly kind: 'start' | 'delta';
  /** The agent whose message it is, by the tool call that started it; '' for the main agent. */
  readonly agent: string;
  /** Whether the message says no more of its usage. */
  readonly isLast: boolean;
}

/** All that a payload says. */
export interface Readings {
  readonly list: readonly Reading[];
  /** What the payload is when nobody says otherwise. */
  readonly scope: UsageScope;
  /** Whether the list is the models of one snapshot, and not requests. */
  readonly byModel: boolean;
  /** Whether a snapshot is complete: later reports of its requests add nothing. */
  readonly isFinal: boolean;
  /** The whole cost in US dollars, where the payload gives one. */
  readonly costUsd: number | null;
  /** What it belongs to: a session, a thread; null where the payload does not say. */
  readonly key: string | null;
  readonly streamed: StreamedEvent | null;
  /** An object that stands for one growing total, such as a live `Usage` of the OpenAI Agents SDK. */
  readonly liveTotal: object | null;
  /** The provider whose prices hold where nobody names one, by the price data's id. */
  readonly provider: string | null;
}

/** Readings of requests. */
export function requestReadings(list: readonly Reading[], more: Partial<Readings> = {}): Readings {
  return {
    list,
    scope: 'request',
    byModel: false,
    isFinal: false,
    costUsd: null,
    key: null,
    streamed: null,
    liveTotal: null,
    provider: null,
    ...more,
  };
}

/** Readings of nothing. */
export const NOTHING: Readings = requestReadings([]);
