import { MemoryRunStore, RunStore } from 'agent-run/store';
import { MemoryBackend } from '../../lib/store/memory/backend';
import { describeStore } from './contract/describe-store';
import { refusalOf } from '../support/refusal-of';
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

describe('MemoryRunStore', () => {
  it('refuses an option that it does not know', () => {
    const refused = refusalOf(() => new MemoryRunStore({ poll: 1 } as object));

    expect(refused.code).toBe('validation_error');
    expect(refused.details['issues']).toEqual([
      { path: 'poll', message: expect.stringContaining('known: track, pollMs') as string },
    ]);
  });
});
