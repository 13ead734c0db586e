import type { Run } from 'agent-run';
import { MemoryBackend } from '../../lib/store/memory/backend';
import { rewriteOf } from '../../lib/store/rewrite';
import { FlakyStore } from '../support/flaky-backend';
import { runOf } from './contract/test-database';

describe('rewriteOf()', () => {
  it('says what a change of the stored run writes, and at which revision', async () => {
    const backend = new MemoryBackend();
    const run = runOf({ status: 'running' });
    await new FlakyStore(backend).save(run);
    const stored = { ...(await backend.read(run.id))!, revision: 7, seq: 5 };
    const change = (copy: Run): unknown => copy.incrementTurn().incrementTurn();
    const { run: changed, write } = rewriteOf(stored, change, { writer: 'writer', lease: 'keep' });
    expect(write).toMatchObject({
      id: run.id,
      sessionId: 'session-1',
      revision: 7,
      nextRevision: 8,
      writer: 'writer',
      columns: { turn_count: 2 },
      entries: [
        { seq: 6, type: 'turnIncremented', data: '{"turnCount":1}' },
        { seq: 7, type: 'turnIncremented', data: '{"turnCount":2}' },
      ],
      lease: 'keep',
      exclusive: false,
    });
    expect(Object.keys(write.columns)).toEqual(['turn_count']);
    expect(changed.turnCount).toBe(2);
  });
});
