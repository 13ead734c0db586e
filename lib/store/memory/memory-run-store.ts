import { refuseUnknown } from '../../record/options';
import type { RunStoreOptions } from '../options';
import { STORE_OPTIONS } from '../options';
import { RunStore } from '../store';
import { MemoryBackend } from './backend';

/**
 * Keeps runs in the memory of this process, with every rule of the real stores: for tests, and for
 * services that need no record after they end.
 */
export class MemoryRunStore extends RunStore {
  /** @throws {RunError} `validation_error` for bad options. */
  constructor(options: RunStoreOptions = {}) {
    refuseUnknown(options, STORE_OPTIONS, 'store options');
    super(new MemoryBackend(), options);
  }
}
