import { Run, RunError } from 'agent-run';
import type { RunWrite, WriteOutcome } from '../../lib/store/backend';
import { FlakyBackend, FlakyStore } from '../support/flaky-backend';
import { until } from './contract/test-database';

const MEGABYTE = 'x'.repeat(1_000_000);

/** A server that does not take what is large, in the one way or the other. */
class NarrowBackend extends FlakyBackend {
  most = Infinity;
  isRetryable = true;

  override apply(writes: readonly RunWrite[]): Promise<readonly WriteOutcome[]> {
    if (lengthOf(writes) <= this.most) return super.apply(writes);
    this.batches.push(writes);
    return Promise.reject(new RunError('storage_error', 'Out of memory', { retryable: this.isRetryable }));
  }
}

function lengthOf(writes: readonly RunWrite[]): number {
  return writes.reduce((sum, { columns }) => sum + (columns.input?.length ?? 0), 0);
}

describe('a batch', () => {
  it('is bounded in bytes', async () => {
    const backend = new FlakyBackend();
    const store = new FlakyStore(backend);
    const runs = Array.from(
      { length: 30 },
      () => new Run({ sessionId: 'session-1', input: { text: MEGABYTE } }),
    );
    await Promise.all(runs.map((run) => store.track(run).flush()));
    expect(Math.max(...backend.batches.map(lengthOf))).toBeLessThan(5_100_000);
    expect(backend.batches.length).toBeGreaterThan(5);
    await store.close();
  });

  it.each([
    ['500', {}, 500],
    ['as many as the database takes at once', { mostWrites: 40 }, 40],
  ])('has at most %s runs', async (_, database, most) => {
    const backend = Object.assign(new FlakyBackend(), database);
    const store = new FlakyStore(backend);
    const runs = Array.from({ length: 2 * most + 1 }, () => new Run({ sessionId: 'session-1' }));
    await Promise.all(runs.map((run) => store.track(run).flush()));
    expect(backend.batches.map(({ length }) => length)).toEqual([most, most, 1]);
    await store.close();
  });

  it.each([true, false])(
    'that the server refuses is split, and what it does not take harms no other (retryable: %p)',
    async (isRetryable) => {
      const backend = new NarrowBackend();
      backend.most = 100_000;
      backend.isRetryable = isRetryable;
      const store = new FlakyStore(backend, { retryForMs: 100, track: { onError: () => undefined } });
      const big = new Run({ sessionId: 'session-1', input: { text: MEGABYTE } });
      const small = Array.from({ length: 40 }, () => new Run({ sessionId: 'session-1' }));
      const bigRecorder = store.track(big);
      await Promise.all(small.map((run) => store.track(run).flush()));
      await expect(bigRecorder.flush()).rejects.toMatchObject({
        code: 'storage_error',
        retryable: isRetryable,
      });
      // It goes on being refused, and the others go on being stored.
      small[0]!.updateStatus('running');
      await store.track(small[0]!).flush();
      expect((await store.get(small[0]!.id))?.status).toBe('running');
      backend.most = Infinity;
      if (isRetryable) await until(async () => (await store.get(big.id)) !== null);
      await store.close();
    },
  );
});
