import type { Run } from 'agent-run';
import { columnsOf, RECORD_COLUMNS } from '../../lib/store/columns';
import type { StoredRun } from '../../lib/store/columns';
import {
  changesSince,
  forgetStored,
  hasOtherEnd,
  newVersion,
  rememberStored,
  versionOf,
} from '../../lib/store/version';
import { runOf } from './contract/test-database';

const NOW = 1_000;

const rowOf = (run: Run): StoredRun => ({
  ...(columnsOf(run, RECORD_COLUMNS) as StoredRun),
  revision: 3,
  seq: 7,
});

describe('newVersion()', () => {
  it('is of a run that is not in the store, with a lease of its own', () => {
    const { leaseToken, ...version } = newVersion();
    expect(version).toEqual({
      revision: 0,
      seq: 0,
      status: 'pending',
      active: 0,
      snapshot: null,
      formerWriter: null,
    });
    expect(leaseToken).toMatch(/^[0-9a-f-]{36}$/);
    expect(newVersion().leaseToken).not.toBe(leaseToken);
  });
});

describe('versionOf()', () => {
  it('is that of the row', () => {
    const version = versionOf(rowOf(runOf({ status: 'running' })));
    expect(version).toMatchObject({ revision: 3, seq: 7, status: 'running', active: 1, formerWriter: null });
  });

  it('keeps nothing of what never changes, and no long text', () => {
    const metadata = { text: 'x'.repeat(1_000 - '{"text":""}'.length) };
    const longer = { text: `${metadata.text}x` };
    const record = { input: { a: 1 }, metadata, provider_metadata: longer };
    const { snapshot } = versionOf(rowOf(runOf(record)));
    expect(snapshot!.has('input')).toBe(false);
    expect(snapshot!.get('metadata')).toHaveLength(1_000);
    expect(snapshot!.get('provider_metadata')).toMatch(/^sha256:[0-9a-f]{64}$/);
  });
});

describe('changesSince()', () => {
  it('are a whole run and its entry, where it is not in the store', () => {
    const run = runOf({ parent_run_id: 'run_0' });
    expect(changesSince(newVersion(), run, NOW)).toEqual({
      columns: new Set(RECORD_COLUMNS),
      entries: [{ type: 'created', data: '{"parentRunId":"run_0"}', at: run.startedAt.getTime() }],
    });
  });

  it('have the move of a run that went on before it was in the store', () => {
    const run = runOf({ status: 'running' });
    expect(changesSince(newVersion(), run, NOW).entries.slice(1)).toEqual([
      { type: 'statusChanged', data: '{"from":"pending","to":"running"}', at: NOW },
    ]);
  });

  it('are none of a run that is stored as it is', () => {
    const run = runOf({ status: 'running', metadata: { long: 'x'.repeat(2000) } });
    expect(changesSince(versionOf(rowOf(run)), run, NOW)).toEqual({ columns: new Set(), entries: [] });
  });

  it('are what has changed since, and the move', () => {
    const run = runOf({ status: 'running' });
    const version = versionOf(rowOf(run));
    run.metadata = { a: 1 };
    run.incrementTurn();
    expect(changesSince(version, run, NOW)).toEqual({
      columns: new Set(['metadata', 'turn_count']),
      entries: [],
    });
    run.setOutput({});
    const { columns, entries } = changesSince(version, run, NOW);
    expect([...columns].sort()).toEqual([
      'active',
      'ended_at',
      'metadata',
      'output',
      'running',
      'status',
      'turn_count',
    ]);
    expect(entries).toEqual([
      { type: 'statusChanged', data: '{"from":"running","to":"completed"}', at: NOW },
    ]);
    rememberStored(version, run);
    version.status = 'completed';
    expect(changesSince(version, run, NOW)).toEqual({ columns: new Set(), entries: [] });
  });

  it.each([10, 990, 1_100, 20_000])('have a text of %d letters that gave way to one as long', (length) => {
    const run = runOf({ metadata: { text: 'a'.repeat(length) } });
    const version = versionOf(rowOf(run));
    run.metadata = { text: `${'a'.repeat(length - 1)}b` };
    expect(changesSince(version, run, NOW).columns).toEqual(new Set(['metadata']));
  });

  it('are the whole run where it is not known what is stored', () => {
    const run = runOf();
    const version = versionOf(rowOf(run));
    forgetStored(version, 'writer');
    expect(version.formerWriter).toBe('writer');
    expect(changesSince(version, run, NOW)).toEqual({ columns: new Set(RECORD_COLUMNS), entries: [] });
    rememberStored(version, run);
    expect(version.formerWriter).toBeNull();
    expect(changesSince(version, run, NOW)).toEqual({ columns: new Set(), entries: [] });
  });
});

describe('hasOtherEnd()', () => {
  it.each([
    ['pending', 'pending', false],
    ['running', 'running', false],
    ['running', 'completed', false],
    ['completed', 'completed', false],
    ['completed', 'running', true],
    ['cancelled', 'completed', true],
  ])('of a run that is stored as %s and is %s: %p', (stored, status, hasOther) => {
    expect(hasOtherEnd({ ...newVersion(), status: stored }, runOf({ status }))).toBe(hasOther);
  });
});
