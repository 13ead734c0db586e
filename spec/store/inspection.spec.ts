import { runOf } from './contract/test-database';
import type { StoredRun } from '../../lib/store/columns';
import { inspectionOf } from '../../lib/store/inspection';
import { encodeText } from '../../lib/store/column-text';

describe('inspectionOf()', () => {
  const run = runOf();
  const leased = { lease_owner: encodeText('worker \0 7'), lease_expires_ms: 2_000, touched_ms: 1_000 };
  const inspect = (columns: object): unknown => inspectionOf({ ...leased, ...columns } as StoredRun, run);

  it('says who executes the run, until when, and when it was written', () => {
    expect(inspect({})).toEqual({
      run,
      lease: { owner: 'worker \0 7', expiresAt: new Date(2_000) },
      recordedAt: new Date(1_000),
    });
  });

  it.each([{ lease_owner: null }, { lease_expires_ms: null }, { lease_owner: null, lease_expires_ms: null }])(
    'says that nobody does for %p',
    (columns) => {
      expect(inspect(columns)).toEqual({ run, lease: null, recordedAt: new Date(1_000) });
    },
  );
});
