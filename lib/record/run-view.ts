import type { JsonObject } from './json';
import type { RunStatus } from './status';
import type { TokenUsage } from './token-usage';

/** What a run looks like to the code that it stands on. */
export interface RunView {
  readonly id: string;
  readonly status: RunStatus;
  readonly isTerminal: boolean;
  readonly error: JsonObject | null;
  readonly turnCount: number;
  readonly tokenUsage: TokenUsage;
  readonly costUsd: number | null;
}
