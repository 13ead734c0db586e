import type { ExecuteOptions } from '../execution/options';
import type { RunAttributes } from '../record/attributes';
import type { RunDefaults } from './options';

/** The attributes of a run, with the defaults merged in one level deep; the run's own first. */
export function withDefaults<Input extends object>(
  attributes: RunAttributes<Input>,
  defaults: RunDefaults | undefined,
): RunAttributes<Input> {
  // The constructor refuses what is no object.
  if (defaults === undefined || (attributes as RunAttributes<Input> | null) === null) return attributes;
  const { provider, metadata, limits } = defaults;
  return {
    ...attributes,
    ...(provider !== undefined && attributes.provider === undefined ? { provider } : {}),
    ...(metadata === undefined ? {} : { metadata: { ...metadata, ...attributes.metadata } }),
    ...(limits === undefined ? {} : { limits: { ...limits, ...attributes.limits } }),
  };
}

/** The options of an execution, with the defaults; the call's own first. */
export function executeOptions(
  options: ExecuteOptions | undefined,
  { timeoutMs, graceMs }: RunDefaults = {},
): ExecuteOptions {
  if (timeoutMs === undefined && graceMs === undefined) return options ?? {};
  return {
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(graceMs === undefined ? {} : { graceMs }),
    ...options,
  };
}
