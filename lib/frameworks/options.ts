import type { UsageMeterOptions } from '../usage/options';
import type { AnyRun } from '../run';

/** The options that all framework parts take. */
export interface FrameworkOptions extends Pick<
  UsageMeterOptions,
  'provider' | 'model' | 'prices' | 'onWarning'
> {
  /** The run to count for. @default the run whose `execute` the framework is called in; outside, none */
  readonly run?: AnyRun | null | undefined;
  /**
   * Called with errors of recording: usage in an unknown shape, say, which is counted as one unpriced
   * request. The framework itself never sees them.
   */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** The names of {@link FrameworkOptions}. */
export const FRAMEWORK_OPTIONS = ['run', 'provider', 'model', 'prices', 'onWarning', 'onError'] as const;

/** What is kept of a tool call in its step. */
export interface KeptOptions {
  /** Whether the arguments of tool calls are kept in the journal. Larger ones than a step takes are left out. @default true */
  readonly inputs?: boolean | undefined;
  /** Whether the results of tool calls are kept too; they are large, and personal. @default false */
  readonly outputs?: boolean | undefined;
}

/** The names of {@link KeptOptions}. */
export const KEPT_OPTIONS = ['inputs', 'outputs'] as const;
