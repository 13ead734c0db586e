import { RunHistory } from '../../../lib/http/page/model/history';
import type { Entry, RunRecord } from '../../../lib/http/page/model/records';
import type { TimelineRow } from '../../../lib/http/page/model/rows';
import { agentName, axisEnd, childName, timelineRows } from '../../../lib/http/page/model/rows';
import { at, makeEntries, makeRecord, START } from './make-record';

function rowsOf(run: RunRecord, entries: readonly Entry[], family: readonly RunRecord[] = []): TimelineRow[] {
  const history = new RunHistory();
  for (const entry of entries) history.add(entry);
  return timelineRows(run, history, family);
}

function barsOf(row: TimelineRow | undefined): unknown[] {
  return row!.bars.map(({ start, end, tone }) => [start - START, end === null ? null : end - START, tone]);
}

const step = (index: number, parent: number | null): Entry['data'] => ({
  step: { index, parent, name: `s${index}`, kind: 'tool', input: null },
});

describe('timelineRows()', () => {
  it('shows a pending run as one that waits to start', () => {
    const [row] = rowsOf(makeRecord({ status: 'pending' }), []);
    expect(barsOf(row)).toEqual([[0, null, 'queued']]);
  });

  it('shows the time before the run ran', () => {
    const run = makeRecord({ status: 'completed', running_at: at(40), ended_at: at(100) });
    expect(barsOf(rowsOf(run, [])[0])).toEqual([
      [0, 40, 'queued'],
      [40, 100, 'completed'],
    ]);
  });

  it('shows the waits of a run between its work', () => {
    const run = makeRecord({ status: 'completed', ended_at: at(100) });
    const entries = makeEntries(
      ['parked', {}, 20],
      ['answered', {}, 50],
      ['turnIncremented', { turnCount: 2 }, 60],
    );
    const rows = rowsOf(run, entries);
    expect(barsOf(rows[0])).toEqual([
      [0, 20, 'completed'],
      [20, 50, 'waiting'],
      [50, 60, 'answered'],
      [60, 100, 'completed'],
    ]);
    expect(barsOf(rows[1])).toEqual([[60, 100, 'turn']]);
  });

  it('ends with the wait where a run is parked', () => {
    const awaiting = { reason: 'x', data: null, state: null, since: at(20), expires_at: null };
    const [row] = rowsOf(makeRecord({ awaiting }), makeEntries(['parked', {}, 20]));
    expect(barsOf(row)).toEqual([
      [0, 20, 'running'],
      [20, null, 'waiting'],
    ]);
    expect(row!.status).toBe('waiting');
  });

  it('nests steps and sub-agents, in the order in which they began', () => {
    const run = makeRecord();
    const child = makeRecord({
      id: 'run_2',
      parent_run_id: 'run_1',
      started_at: at(15),
      metadata: { agent: 'writer' },
    });
    const below = makeRecord({ id: 'run_3', parent_run_id: 'run_2', started_at: at(18) });
    const entries = makeEntries(
      ['usageUpdated', {}, 1],
      ['noted', { name: 'n' }, 2],
      ['stepStarted', step(1, null), 10],
      ['stepStarted', step(2, 1), 12],
      ['stepStarted', step(3, 99), 20],
    );
    const rows = rowsOf(run, entries, [run, child, below]);
    expect(rows.map(({ id, depth }) => [id, depth])).toEqual([
      ['run', 0],
      ['usage', 0],
      ['notes', 0],
      ['step-1', 0],
      ['step-2', 1],
      ['run_2', 0],
      ['run_3', 1],
      ['step-3', 0],
    ]);
  });
});

describe('childName()', () => {
  it('is what the metadata says, else the end of the id', () => {
    expect(childName(makeRecord({ metadata: { agent: '', name: 'writer' } }))).toBe('writer');
    expect(childName(makeRecord({ id: 'run_0123456789' }))).toBe('sub-agent 23456789');
    expect(agentName(makeRecord())).toBeNull();
  });
});

describe('axisEnd()', () => {
  it('is the end of a run, else now or the last entry, whatever is later', () => {
    const history = new RunHistory();
    expect(axisEnd(makeRecord({ status: 'failed', ended_at: at(9) }), history, START + 50)).toBe(START + 9);
    expect(axisEnd(makeRecord(), history, START + 50)).toBe(START + 50);
    for (const entry of makeEntries(['noted', {}, 80])) history.add(entry);
    expect(axisEnd(makeRecord(), history, START + 50)).toBe(START + 80);
  });
});
