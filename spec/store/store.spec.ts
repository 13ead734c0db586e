import { Run } from 'agent-run';
import { MemoryRunStore } from 'agent-run/store';

describe('MemoryRunStore', () => {
  it('keeps runs in the memory of this process', async () => {
    await using store = new MemoryRunStore();
    const run = new Run({ sessionId: 'session-1' });
    await store.save(run);
    const read = await store.get(run.id);
    expect(read).not.toBe(run);
    expect(read?.toJSON()).toEqual(run.toJSON());
  });

  it('shares nothing with another', async () => {
    const run = new Run({ sessionId: 'session-1' });
    await new MemoryRunStore().save(run);
    expect(await new MemoryRunStore().get(run.id)).toBeNull();
  });

  it('says which run a save was refused for, when that was deleted', async () => {
    const store = new MemoryRunStore();
    const run = new Run({ sessionId: 'session-1' });
    await store.save(run);
    await store.delete(run.id);
    await expect(store.save(run)).rejects.toMatchObject({
      code: 'run_not_found',
      details: { runId: run.id },
    });
  });

  it('takes what holds for every recorder from its options', () => {
    expect(() => new MemoryRunStore({ track: { leaseMs: 0 } })).toThrow('leaseMs');
  });
});
