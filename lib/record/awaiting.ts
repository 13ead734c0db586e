import type { JsonObject, JsonValue } from './json';

/** What a parked run waits for. */
export interface Awaiting {
  /** Why it waits, as a word: `approval`. */
  readonly reason: string | null;
  /** What the person who answers is to see. */
  readonly data: JsonObject | null;
  /** What the run needs to go on. */
  readonly state: JsonObject | null;
  /** Since when. */
  readonly since: Date;
  /** When it has waited long enough; null for never. */
  readonly expiresAt: Date | null;
  /** The answer, once it is there. */
  readonly answer?: JsonValue;
}
