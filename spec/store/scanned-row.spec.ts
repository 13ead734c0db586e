import type { ScanColumn } from '../../lib/store/backend';
import type { ScannedColumns } from '../../lib/store/scanned-row';
import { isReadable, kindOf, markAfter, partOf, scannedRow, sourceOf } from '../../lib/store/scanned-row';

const ROW: ScannedColumns = {
  session_id: 's',
  root_run_id: 'r',
  provider: null,
  status: 'completed',
  started_ms: 5,
  turn_count: 2,
  cost_usd: 0.5,
  token_usage: '{"input_tokens":1}',
  usage_by_model: null,
  metadata: '{"plan":"pro"}',
};

const UNSPLIT: readonly ScanColumn[] = ['unsplit_cost_usd', 'unsplit_token_usage', 'unsplit_metadata'];

describe('partOf() and markAfter()', () => {
  const after = { startedMs: 5, id: 'run_1' };

  it('take one status after the other', () => {
    const filter = { statuses: ['completed', 'failed'], provider: 'p' };
    expect(partOf(filter, null)).toEqual({ statuses: ['completed'], provider: 'p' });
    expect(markAfter(filter, null, after)).toEqual({ part: 0, after });
    expect(markAfter(filter, null, undefined)).toEqual({ part: 1, after: undefined });
    expect(partOf(filter, { part: 1, after: undefined })).toEqual({ statuses: ['failed'], provider: 'p' });
    expect(markAfter(filter, { part: 1, after: undefined }, after)).toEqual({ part: 1, after });
    expect(markAfter(filter, { part: 1, after }, undefined)).toBeNull();
  });

  it('have one part where no status is asked for', () => {
    const filter = { provider: 'p' };
    expect(partOf(filter, null)).toBe(filter);
    expect(markAfter(filter, null, after)).toEqual({ part: 0, after });
    expect(partOf(filter, { part: 0, after })).toBe(filter);
    expect(markAfter(filter, { part: 0, after }, undefined)).toBeNull();
  });
});

describe('sourceOf() and kindOf()', () => {
  it.each<[ScanColumn, string, boolean, string]>([
    ['session_id', 'session_id', false, 'text'],
    ['root_run_id', 'root_run_id', false, 'text'],
    ['provider', 'provider', false, 'text'],
    ['status', 'status', false, 'text'],
    ['started_ms', 'started_ms', false, 'number'],
    ['turn_count', 'turn_count', false, 'number'],
    ['cost_usd', 'cost_usd', false, 'number'],
    ['token_usage', 'token_usage', false, 'json'],
    ['usage_by_model', 'usage_by_model', false, 'json'],
    ['metadata', 'metadata', false, 'json'],
    ['unsplit_cost_usd', 'cost_usd', true, 'number'],
    ['unsplit_token_usage', 'token_usage', true, 'json'],
    ['unsplit_metadata', 'metadata', true, 'json'],
  ])('know that %s is %s (unsplit: %p), a %s', (column, name, isUnsplit, kind) => {
    expect(sourceOf(column)).toEqual({ name, isUnsplit });
    expect(kindOf(column)).toBe(kind);
  });
});

describe('scannedRow()', () => {
  it('gives the columns in the order in which they are asked for, JSON read', () => {
    const columns = ['metadata', 'started_ms', 'provider', 'usage_by_model', 'token_usage'] as const;
    expect(scannedRow(ROW, columns)).toEqual([{ plan: 'pro' }, 5, null, null, { input_tokens: 1 }]);
  });

  it.each([
    ['that does not say what each model used', null, [0.5, { input_tokens: 1 }, { plan: 'pro' }]],
    ['that says it of no model', '{}', [0.5, { input_tokens: 1 }, { plan: 'pro' }]],
    ['that says what each model used', '{"m":{"input_tokens":1}}', [null, null, null]],
  ])('gives what is not split of a row %s', (_, split, values) => {
    expect(scannedRow({ ...ROW, usage_by_model: split }, UNSPLIT)).toEqual(values);
  });

  it('gives null for a row of which a column that is asked for cannot be read', () => {
    expect(scannedRow({ ...ROW, metadata: '{"never": ' }, ['metadata'])).toBeNull();
    expect(scannedRow({ ...ROW, metadata: '[]' }, ['status', 'metadata'])).toBeNull();
    expect(scannedRow({ ...ROW, metadata: '[]' }, ['status'])).toEqual(['completed']);
  });
});

describe('isReadable()', () => {
  const columns: Readonly<Record<ScanColumn, { good: readonly unknown[]; bad: readonly unknown[] }>> = {
    session_id: { good: ['s', ''], bad: [null, 7] },
    root_run_id: { good: ['r'], bad: [null, {}] },
    provider: { good: ['p', null], bad: [7, false] },
    status: { good: ['completed'], bad: [null, 0] },
    started_ms: { good: [5, -5, 0], bad: [null, 0.5, '5', 2 ** 53] },
    turn_count: { good: [0, 2], bad: [null, -1, '2', NaN, Infinity] },
    cost_usd: { good: [null, 0, 0.5], bad: [-0.5, '0.5', NaN, Infinity] },
    token_usage: { good: [{}, { a: 1 }], bad: [null, [], 'a', 7] },
    usage_by_model: {
      good: [null, {}, { m: {} }, { m: { a: 1 }, n: {} }],
      bad: [[], 7, { m: 1 }, { m: {}, n: null }, { m: [] }],
    },
    metadata: { good: [{}], bad: [null, [], 'a'] },
    unsplit_cost_usd: { good: [null, 0, 0.5], bad: [-0.5, '0.5'] },
    unsplit_token_usage: { good: [null, {}], bad: [[], 'a'] },
    unsplit_metadata: { good: [null, {}], bad: [[], 'a'] },
  };

  it.each(Object.entries(columns) as [ScanColumn, (typeof columns)[ScanColumn]][])(
    'knows what %s may hold',
    (column, { good, bad }) => {
      expect(good.filter((value) => !isReadable([value], [column]))).toEqual([]);
      expect(bad.filter((value) => isReadable([value], [column]))).toEqual([]);
    },
  );

  it('looks at every column, and at nothing else', () => {
    expect(isReadable([1, 'completed', {}], ['turn_count', 'status', 'metadata'])).toBe(true);
    expect(isReadable([1, 'completed', []], ['turn_count', 'status', 'metadata'])).toBe(false);
    expect(isReadable([1, 'completed'], ['turn_count'])).toBe(false);
    expect(isReadable([1], ['turn_count', 'cost_usd'])).toBe(false);
    expect(isReadable([], ['unsplit_cost_usd'])).toBe(false);
    expect(isReadable([], [])).toBe(true);
  });
});
