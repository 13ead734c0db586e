import { setTimeout } from 'node:timers/promises';
import { RunStore } from 'agent-run/store';
import type { ScanPage } from '../../lib/store/backend';
import { MemoryBackend } from '../../lib/store/memory/backend';
import { runOf } from './contract/test-database';

/** Every page of a scan takes a while. */
class SlowBackend extends MemoryBackend {
  pages = 0;

  override async scan(...query: Parameters<MemoryBackend['scan']>): Promise<ScanPage> {
    this.pages += 1;
    await setTimeout(300);
    return super.scan(...query);
  }
}

class SlowStore extends RunStore {
  constructor(backend: SlowBackend) {
    super(backend, { callTimeoutMs: 1_000 });
  }
}

describe('.summarize()', () => {
  it('has a deadline for each page, not for all of them', async () => {
    const backend = new SlowBackend();
    const store = new SlowStore(backend);
    const runs = Array.from({ length: 3500 }, () => runOf());
    await Promise.all(runs.map((run) => store.save(run)));
    expect(await store.summarize({ groupBy: 'status' })).toMatchObject([{ runs: 3500 }]);
    expect(backend.pages).toBeGreaterThanOrEqual(4);
    await store.close();
  });
});
