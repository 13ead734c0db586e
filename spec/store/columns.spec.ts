import { columnsOf, RECORD_COLUMNS, runOf } from '../../lib/store/columns';
import type { StoredRun } from '../../lib/store/columns';
import { refusalOf } from '../support/refusal-of';
import { runOf as makeRun } from './contract/test-database';

const AT = '2026-03-01T12:00:00.000Z';

const rowOf = (record: object = {}): StoredRun => ({
  ...(columnsOf(makeRun({ id: 'run_1', ...record }), RECORD_COLUMNS) as StoredRun),
  revision: 1,
  seq: 1,
});

const awaiting = { reason: null, data: null, state: null, since: AT, expires_at: AT };

describe('columnsOf()', () => {
  it('gives the columns that are asked for, and no other', () => {
    const run = makeRun({ id: 'run_1', turn_count: 2, metadata: { a: 1 } });
    expect(columnsOf(run, ['turn_count', 'metadata'])).toEqual({ turn_count: 2, metadata: '{"a":1}' });
  });

  it('has null for what is not there', () => {
    expect(rowOf()).toMatchObject({
      parent_run_id: null,
      root_run_id: 'run_1',
      awaits: null,
      awaiting: null,
      awaiting_expires_ms: null,
      provider: null,
      running_at: null,
      ended_at: null,
      cost_usd: null,
      usage_by_model: null,
      input: null,
      output: null,
      error: null,
      extra: null,
      step_count: 0,
      started_ms: Date.parse(AT),
      started_at: AT,
    });
  });

  it.each([
    ['a pending run', {}, 0, 0],
    ['a running run', { status: 'running' }, 1, 1],
    ['a running child', { status: 'running', parent_run_id: 'run_0' }, 1, 0],
    ['a run that waits', { status: 'running', awaiting }, 1, 0],
    ['a run that has its answer', { status: 'running', awaiting: { ...awaiting, answer: 1 } }, 1, 0],
    ['a run that has ended', { status: 'failed' }, 0, 0],
  ])('says of %s whether it runs, and whether it holds its session', (_, record, running, active) => {
    expect(rowOf(record)).toMatchObject({ running, active });
  });

  it.each([
    [{}, 'answer', Date.parse(AT)],
    [{ expires_at: null }, 'answer', null],
    [{ answer: null }, 'resume', Date.parse(AT)],
  ])('says what a run waits for, and until when: %j', (more, awaits, expires) => {
    const row = rowOf({ status: 'running', awaiting: { ...awaiting, ...more } });
    expect(row).toMatchObject({ awaits, awaiting_expires_ms: expires });
  });

  it('keeps in one column what has none of its own', () => {
    expect(rowOf({ limits: { max_turns: 3 }, later: [1], root_run_id: 'run_1' }).extra).toBe(
      '{"limits":{"max_turns":3},"later":[1],"root_run_id":"run_1"}',
    );
  });
});

describe('runOf()', () => {
  it.each([
    {},
    { root_run_id: 'run_1' },
    { root_run_id: 'run_0' },
    { parent_run_id: 'run_0' },
    { parent_run_id: 'run_0', root_run_id: 'run_0' },
    { parent_run_id: 'run_0', root_run_id: 'run_1' },
    { parent_run_id: 'run_0', later: null },
    { provider: 'openai', cost_usd: 0, turn_count: 3, status: 'timeout' },
    { running_at: AT, status: 'running', awaiting, usage_by_model: { m: { input_tokens: 1 } } },
    { limits: { max_turns: 3 }, usage_meter: { kept: true }, later: {} },
  ])('gives the record %j as it was, key for key', (record) => {
    const run = makeRun({ id: 'run_1', ...record });
    expect(JSON.stringify(runOf(rowOf(record)))).toBe(JSON.stringify(run));
  });

  it('goes on counting steps', () => {
    const run = runOf({ ...rowOf({ status: 'running' }), step_count: 4 });
    expect(run.startStep('next').index).toBe(5);
    expect(columnsOf(run, ['step_count'])).toEqual({ step_count: 5 });
    expect(runOf(rowOf({ status: 'running' })).startStep('first').index).toBe(1);
  });

  it.each([
    { revision: -1 },
    { revision: 0.5 },
    { seq: -1 },
    { seq: 2 ** 53 },
    { step_count: -1 },
    { step_count: '4' },
    { step_count: null },
    { metadata: 'null' },
    { metadata: '[]' },
    { metadata: 'text' },
    { extra: '7' },
    { extra: '' },
    { provider: '\u0001open' },
    { provider: 7 },
    { status: null },
    { started_at: null },
  ])('refuses a row with %j, by the name of its run', (columns) => {
    const refused = refusalOf(() => runOf({ ...rowOf(), ...columns } as StoredRun));
    expect(refused).toMatchObject({ code: 'storage_error', retryable: false });
    expect(refused.details['runId']).toBe('run_1');
    expect(refused.message).toMatch(/^The row of run run_1 cannot be read: /);
  });

  it('takes a row whose numbers are 0', () => {
    expect(runOf({ ...rowOf(), revision: 0, seq: 0, step_count: 0 }).id).toBe('run_1');
  });

  it('says which keys of the record are bad, and quotes none', () => {
    const { details, message } = refusalOf(() => runOf({ ...rowOf(), turn_count: -1, status: 'completed' }));
    expect((details['issues'] as { path: string }[]).map(({ path }) => path).sort()).toEqual([
      'ended_at',
      'turn_count',
    ]);
    expect(message).toContain('turn_count');
    const unparsed = refusalOf(() => runOf({ ...rowOf(), output: '{"secret": oops' }));
    expect(unparsed.message).toBe(
      'The row of run run_1 cannot be read: its column output holds no JSON object',
    );
    expect(unparsed.details).toEqual({ runId: 'run_1' });
    const broken = refusalOf(() => runOf({ ...rowOf(), provider: '\u0001secret' }));
    expect(broken.message).toBe(
      'The row of run run_1 cannot be read: a column holds what this package never writes',
    );
  });

  it.each([
    ['as it was encoded', '\u0001"run\\u0000"', 'run\0'],
    ['as it stands where it cannot be decoded', '\u0001run', '\u0001run'],
    ['as it stands where it is no text', 7, '7'],
  ])('names the run %s', (_, id, runId) => {
    const row = { ...rowOf(), id, turn_count: -1 } as unknown as StoredRun;
    expect(refusalOf(() => runOf(row)).details['runId']).toBe(runId);
  });
});
