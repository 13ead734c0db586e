import type { AnyRun } from '../run';
import type { UsageMeterOptions } from './options';

const OPTIONS = new WeakMap<AnyRun, UsageMeterOptions>();

/** Says with what options the meter of a run is made, where somebody asks for it: a manager does. */
export function setMeterOptions(run: AnyRun, options: UsageMeterOptions): void {
  OPTIONS.set(run, options);
}

/** What was said; nothing by default. */
export function meterOptionsOf(run: AnyRun): UsageMeterOptions {
  return OPTIONS.get(run) ?? {};
}
