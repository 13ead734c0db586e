import type { AnyRun } from '../run';
import type { UsageMeter } from '../usage/meter';

/**
 * The meter of a run. Meters, and the prices behind them, are loaded when the first one is asked for, by
 * a `require` that bundlers see.
 */
export function meterOf(run: AnyRun): UsageMeter {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { UsageMeter: Meter } = require('../usage/meter') as { UsageMeter: typeof UsageMeter };
  return Meter.of(run);
}
