import { portOf } from '../attachment';
import type { AnyRun } from '../run';
import type { Ledger } from './ledger';
import type { MeterDefaults } from './state';
import { BY_MODEL_KEY, readState, STATE_KEY, writeModels, writeState } from './state';
import { Warnings } from './warnings';

/** What all meters of a run share. */
export interface Shared {
  readonly ledger: Ledger;
  readonly warnings: Warnings;
  /** What the newest meter was made with. */
  defaults: MeterDefaults;
  /** Whether there is something to keep in the record. */
  hasRecorded: boolean;
}

const SHARED = new WeakMap<AnyRun, Shared>();

/**
 * What the meters of a run share; at first, what the run's record holds.
 *
 * @throws {RunError} `validation_error` where that is broken.
 */
export function sharedOf(run: AnyRun): Shared {
  const found = SHARED.get(run);
  if (found !== undefined) return found;
  const port = portOf(run);
  const [state, models] = [port.kept(STATE_KEY) ?? null, port.kept(BY_MODEL_KEY) ?? null];
  const hasRecorded = state !== null || models !== null;
  const shared: Shared = { ...readState(state, models), warnings: new Warnings(), hasRecorded };
  SHARED.set(run, shared);
  port.keep(STATE_KEY, () => (shared.hasRecorded ? writeState(shared) : null));
  port.keep(BY_MODEL_KEY, () => (shared.ledger.models.size > 0 ? writeModels(shared.ledger.models) : null));
  return shared;
}
