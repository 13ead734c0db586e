import { CALL_TIMEOUT_MS } from '../options';
import { PostgresBackend } from './backend';
import { openPool } from './driver';
import { namingOf } from './names';
import type { PostgresRunStoreOptions } from './options';
import { checkOptions } from './options';

const POLL_MS = 500;

/**
 * The backend that the options ask for. The database is not asked before the first call.
 *
 * @throws {RunError} `validation_error`; `storage_error`
 */
export function openBackend(options: PostgresRunStoreOptions): PostgresBackend {
  checkOptions(options);
  const { listen = true, pollMs = POLL_MS, callTimeoutMs = CALL_TIMEOUT_MS, mustExist = false } = options;
  const settings = { listen, pollMs, callTimeoutMs, mustExist };
  return new PostgresBackend(openPool(options), namingOf(options), settings);
}
