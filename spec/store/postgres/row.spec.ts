import type { StoredRun } from '../../../lib/store/columns';
import { rowOf } from '../../../lib/store/postgres/row';

/** As a statement gives it: texts and numbers, whatever the columns are called. */
function read(row: Readonly<Record<string, unknown>>): Partial<StoredRun> {
  return rowOf({ ...row });
}

describe('rowOf()', () => {
  it('makes the text of the start from its milliseconds, where it has no text of its own', () => {
    expect(read({ started_at: null, started_ms: 1_772_366_400_123 })).toEqual({
      started_at: '2026-03-01T12:00:00.123Z',
      started_ms: 1_772_366_400_123,
    });
    const text = '2026-03-01T12:00:00.123456Z';
    expect(read({ started_at: text, started_ms: 1_772_366_400_123 }).started_at).toBe(text);
  });

  it('adds no column that was not asked for', () => {
    expect(read({ id: 'run_1', started_ms: 1 })).toEqual({ id: 'run_1', started_ms: 1 });
  });

  it.each([
    ['1772366400123', '2026-03-01T12:00:00.123Z'],
    ['1772366400123.000000', '2026-03-01T12:00:00.123Z'],
    ['1772366400123.600000', '2026-03-01T12:00:00.124Z'],
    ['-1000.000000', '1969-12-31T23:59:59.000Z'],
    ['2026-03-01T12:00:00.123456Z', '2026-03-01T12:00:00.123456Z'],
    // Edited by hand, and no times: reading the run reports them.
    ['Infinity', 'Infinity'],
    ['9999999999999998', '9999999999999998'],
    ['', ''],
    ['1x', '1x'],
    ['x1', 'x1'],
    ['1.', '1.'],
  ])('reads the time %j as %j', (text, expected) => {
    expect(read({ running_at: text, ended_at: text })).toEqual({ running_at: expected, ended_at: expected });
  });

  it('rounds what is counted in milliseconds, and leaves alone what is not there', () => {
    const times = { awaiting_expires_ms: 1.6, lease_expires_ms: 2.4, touched_ms: -0.6 };
    expect(read(times)).toEqual({ awaiting_expires_ms: 2, lease_expires_ms: 2, touched_ms: -1 });
    const none = { running_at: null, ended_at: null, awaiting_expires_ms: null, lease_expires_ms: null };
    expect(read(none)).toEqual(none);
  });
});
