import type { AnyRun } from '../run';
import type { UsageMeterOptions } from './options';

const OPTIONS = new WeakMap<AnyRun, UsageMeterOptions>();

/** Sets the options that the meter of a run will be made with. Called by a manager. */
export function setMeterOptions(run: AnyRun, options: UsageMeterOptions): void {
  OPTIONS.set(run, options);
}

/** The options that were set; none by default. */
export function meterOptionsOf(run: AnyRun): UsageMeterOptions {
  return OPTIONS.get(run) ?? {};
}
