import type { StoredRun } from '../../lib/store/columns';
import { columnsOf, RECORD_COLUMNS } from '../../lib/store/columns';
import type { Expectation, Meaning } from '../../lib/store/found-row';
import { meaningOf } from '../../lib/store/found-row';
import { newVersion } from '../../lib/store/version';
import { runOf } from './contract/test-database';

const MINE = newVersion();

const rowOf = (record: object = {}, row: Partial<StoredRun> = {}): StoredRun => ({
  ...(columnsOf(runOf({ id: 'run_1', ...record }), RECORD_COLUMNS) as StoredRun),
  revision: 5,
  seq: 5,
  writer: 'somebody',
  lease_token: null,
  ...row,
});

const expecting = (more: Partial<Expectation> = {}): Expectation => ({
  run: runOf({ id: 'run_1', status: 'running' }),
  write: {
    id: 'run_1',
    sessionId: 'session-1',
    revision: 4,
    nextRevision: 5,
    writer: 'me',
    columns: {},
    entries: [],
    lease: 'keep',
    exclusive: false,
  },
  version: MINE,
  isLeased: true,
  isNotLetIn: false,
  ...more,
});

const inserting = { write: { ...expecting().write, revision: 0 } };

const briefly = (meaning: Meaning): unknown[] =>
  meaning.name === 'fails' ? ['fails', meaning.error.code, meaning.error.details] : [meaning.name];

describe('meaningOf()', () => {
  const status = { runId: 'run_1', status: 'running' };
  const running = { status: 'running' };

  it.each<[string, StoredRun | null, Partial<Expectation>, unknown[]]>([
    ['no row', null, {}, ['fails', 'run_not_found', { runId: 'run_1' }]],
    ['no row for an insert', null, inserting, ['fails', 'run_not_found', { runId: 'run_1' }]],
    ['a row where one was to be inserted', rowOf(running), inserting, ['fails', 'already_exists', status]],
    [
      'a row of a run that its session has not let in',
      rowOf({ status: 'completed' }),
      { isNotLetIn: true },
      ['fails', 'conflict', { runId: 'run_1', status: 'completed' }],
    ],
    ['an end', rowOf({ status: 'failed' }), {}, ['ended elsewhere']],
    [
      'an end under this lease',
      rowOf({ status: 'failed' }, { lease_token: MINE.leaseToken }),
      {},
      ['ended elsewhere'],
    ],
    ['a row under this lease', rowOf(running, { lease_token: MINE.leaseToken }), {}, ['goes on']],
    [
      'the last write of an earlier recorder',
      rowOf(running, { writer: 'before' }),
      { version: { ...MINE, formerWriter: 'before' } },
      ['goes on'],
    ],
    [
      'a write of somebody else than an earlier recorder',
      rowOf(running),
      { version: { ...MINE, formerWriter: 'before' } },
      ['fails', 'lease_lost', status],
    ],
    ['a row of somebody else', rowOf(running), {}, ['fails', 'lease_lost', status]],
    [
      'a row of somebody else, of a run without a lease',
      rowOf(running),
      { isLeased: false },
      ['fails', 'conflict', status],
    ],
  ])('of %s', (_, stored, expected, meaning) => {
    expect(briefly(meaningOf(stored, expecting(expected)))).toEqual(meaning);
  });

  it('has the row from which it goes on', () => {
    const stored = rowOf({ status: 'failed' });
    expect(meaningOf(stored, expecting())).toEqual({ name: 'ended elsewhere', stored });
  });

  it('throws where the row cannot be read', () => {
    expect(() => meaningOf(rowOf({}, { seq: -1 }), expecting())).toThrow(/cannot be read/);
  });
});
