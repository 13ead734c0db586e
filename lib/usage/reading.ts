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
  /** Whether it is all of what it is of, and replaces what was reported of it before, downwards too. */
  readonly isWhole?: boolean;
}

/** An event of a stream of Anthropic's messages, which are told apart by whose they are. */
export interface StreamedEvent {
  readonly kind: 'start' | 'delta';
  /** The call of a tool by which the agent was started whose message it is; '' for the main one. */
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
  /** Whether a snapshot has everything of what it is of, whatever is reported of it later. */
  readonly isFinal: boolean;
  /** The whole cost in US dollars, where the payload gives one. */
  readonly costUsd: number | null;
  /** What it belongs to: a session, a thread; null where the payload does not say. */
  readonly key: string | null;
  readonly streamed: StreamedEvent | null;
  /** An object that stands for one growing total, such as a live `Usage` of the OpenAI Agents SDK. */
  readonly liveTotal: object | null;
  /** Whose prices these are, where nobody says: the price data's id. */
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
