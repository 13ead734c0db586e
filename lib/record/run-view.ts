import type { JsonObject } from './json';
import type { RunStatus } from './status';
import type { TokenUsage } from './token-usage';

/** What the code below `Run` sees of a run. */
export interface RunView {
  readonly id: string;
  readonly status: RunStatus;
  readonly isTerminal: boolean;
  readonly error: JsonObject | null;
  readonly turnCount: number;
  readonly tokenUsage: TokenUsage;
  readonly costUsd: number | null;
}
