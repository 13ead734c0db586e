import { RunStore } from 'agent-run/store';
import { MemoryBackend } from '../../lib/store/memory/backend';
import { describeStore } from './contract/describe-store';
import type { TestDatabase } from './contract/test-database';
import { ConnectedStores } from './contract/test-database';

/** Another store on the same rows, as a second process would have them. */
class SharedMemoryStore extends RunStore {}

function openMemory(): Promise<TestDatabase> {
  const backend = new MemoryBackend();
  const stores = new ConnectedStores();
  return Promise.resolve({
    connect: (options) => stores.add(new SharedMemoryStore(backend, options)),
    close: () => stores.close(),
  });
}

describeStore('MemoryRunStore', openMemory);
