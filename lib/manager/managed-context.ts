import type { AnyRun, ExecutionContext } from '../run';
import type { UsageMeter } from '../usage/meter';

/** What a function that a manager executes is handed. */
export interface ManagedContext<Subject = AnyRun> extends ExecutionContext<Subject> {
  /** The run's usage meter, made when it is asked for. */
  readonly meter: UsageMeter;
}

/** A function that a manager executes. */
export type ManagedFunction<Subject, Result> = (
  context: ManagedContext<Subject>,
) => Result | PromiseLike<Result>;

/** The context of an execution, with the run's meter added. */
export function withMeter(context: ExecutionContext): ManagedContext {
  return Object.defineProperty({ ...context }, 'meter', {
    get: () => meterOf(context.run),
    enumerable: true,
    configurable: true,
  }) as ManagedContext;
}

/**
 * The meter of a run. Meters, and the prices behind them, are loaded when the first one is asked for, by
 * a `require` that bundlers see.
 */
function meterOf(run: AnyRun): UsageMeter {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { UsageMeter: Meter } = require('../usage/meter') as { UsageMeter: typeof UsageMeter };
  return Meter.of(run);
}
