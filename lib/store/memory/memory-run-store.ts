import type { RunStoreOptions } from '../options';
import { RunStore } from '../store';
import { MemoryBackend } from './backend';

/**
 * Keeps runs in the memory of this process, with every rule of the real stores: for tests, and for
 * services that need no record after they end.
 */
export class MemoryRunStore extends RunStore {
  constructor(options: RunStoreOptions = {}) {
    super(new MemoryBackend(), options);
  }
}
