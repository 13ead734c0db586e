import type { StaleQuery } from '../../../lib/store/backend';
import type { StoredRun } from '../../../lib/store/columns';
import { isStale } from '../../../lib/store/memory/conditions';

const NOW = 10_000;

const rowOf = (row: Partial<StoredRun>): StoredRun =>
  ({
    running: 1,
    awaits: null,
    awaiting_expires_ms: null,
    lease_token: null,
    lease_ms: null,
    lease_expires_ms: null,
    touched_ms: NOW,
    ...row,
  }) as StoredRun;

const lease = (expires: number, ms = 1000): Partial<StoredRun> => ({
  lease_token: 't',
  lease_expires_ms: expires,
  lease_ms: ms,
});

describe('isStale()', () => {
  it.each<[string, Partial<StoredRun>, Partial<StaleQuery>, boolean]>([
    ['a run that does not run', { running: 0, ...lease(0) }, {}, false],
    ['a lease that runs out now', lease(NOW), {}, true],
    ['a lease that runs out next', lease(NOW + 1), {}, false],
    ['a lease that ran out, and could have been renewed', lease(NOW - 1), { reachableForMs: 1001 }, true],
    ['half a lease after the database came back', lease(9_000), { reachableForMs: 500 }, true],
    ['less than half a lease after it', lease(9_000), { reachableForMs: 499 }, false],
    ['a lease that ended later than that', lease(NOW, 5_000), { reachableForMs: 4_000 }, true],
    ['a lease that does so next', lease(NOW + 1, 5_000), { reachableForMs: 4_000 }, false],
    ['a run that has its answer', { awaits: 'resume', ...lease(0) }, { unleasedQuietMs: 0 }, false],
    ['a run that waits for ever', { awaits: 'answer' }, { unleasedQuietMs: 0 }, false],
    ['a run that has waited long enough', { awaits: 'answer', awaiting_expires_ms: NOW }, {}, true],
    ['a run that has nearly', { awaits: 'answer', awaiting_expires_ms: NOW + 1 }, {}, false],
    ['a run without a lease', { touched_ms: 0 }, {}, false],
    ['a run without a lease that has been quiet', { touched_ms: 9_990 }, { unleasedQuietMs: 10 }, true],
    ['a run without a lease that nearly has', { touched_ms: 9_991 }, { unleasedQuietMs: 10 }, false],
    [
      'a run with a lease that has been quiet',
      { touched_ms: 0, ...lease(NOW + 1) },
      { unleasedQuietMs: 10 },
      false,
    ],
  ])('of %s', (_, row, query, isOne) => {
    expect(isStale(rowOf(row), { unleasedQuietMs: null, limit: 1, ...query }, NOW)).toBe(isOne);
  });
});
