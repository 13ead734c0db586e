import { RunHistory } from '../../../lib/http/page/model/history';
import type { Entry } from '../../../lib/http/page/model/records';
import { makeEntries, START } from './make-record';

function historyOf(entries: readonly Entry[]): RunHistory {
  const history = new RunHistory();
  for (const entry of entries) history.add(entry);
  return history;
}

function started(index: number, parent: number | null = null, kind = 'tool'): Entry['data'] {
  return { step: { index, parent, name: `step ${index}`, kind, input: { page: index } } };
}

describe('RunHistory', () => {
  it('passes over an entry that it knows', () => {
    const [first, second] = makeEntries(['created', {}, 0], ['turnIncremented', { turnCount: 1 }, 5]);
    const history = new RunHistory();
    expect([history.add(first!), history.add(second!), history.add(first!), history.add(second!)]).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(history.turns).toHaveLength(1);
    expect(history.lastSeq).toBe(2);
  });

  it('lets a turn last until the next one, and the last until the run ends', () => {
    const history = historyOf(
      makeEntries(
        ['turnIncremented', { turnCount: 1 }, 10],
        ['turnIncremented', {}, 30],
        ['statusChanged', { from: 'running', to: 'completed' }, 70],
      ),
    );
    expect(history.turns).toEqual([
      { start: START + 10, end: START + 30, turn: 1 },
      { start: START + 30, end: START + 70, turn: 2 },
    ]);
    expect(history.status).toBe('completed');
  });

  it('joins the start and the end of a step', () => {
    const history = historyOf(
      makeEntries(
        ['stepStarted', started(1), 10],
        ['stepStarted', started(2, 1, 'model'), 20],
        ['stepEnded', { step: { index: 2, status: 'failed', error: { code: 'x' }, durationMs: 5 } }, 25],
        ['stepEnded', { step: { index: 1, status: 'completed', output: { a: 1 }, omitted: true } }, 40],
      ),
    );
    expect([...history.steps.values()]).toEqual([
      {
        index: 1,
        parent: null,
        name: 'step 1',
        kind: 'tool',
        status: 'completed',
        input: { page: 1 },
        output: { a: 1 },
        omitted: true,
        error: null,
        durationMs: null,
        start: START + 10,
        end: START + 40,
      },
      expect.objectContaining({ index: 2, parent: 1, status: 'failed', error: { code: 'x' }, durationMs: 5 }),
    ]);
  });

  it('knows of no end of a step that a process left open which is gone', () => {
    const history = historyOf(
      makeEntries(
        ['stepStarted', started(1), 10],
        ['stepStarted', started(2), 12],
        ['stepEnded', { step: { index: 2, status: 'cancelled', durationMs: 3 } }, 15],
        ['statusChanged', { to: 'failed' }, 20],
      ),
    );
    expect(history.steps.get(1)).toMatchObject({ status: 'unknown', end: START + 20, durationMs: null });
    expect(history.steps.get(2)).toMatchObject({ status: 'cancelled', end: START + 15 });
  });

  it('passes over steps that it cannot place', () => {
    const history = historyOf(
      makeEntries(
        ['stepStarted', {}, 1],
        ['stepStarted', { step: 7 }, 2],
        ['stepEnded', { step: { index: 9 } }, 3],
        ['stepEnded', {}, 4],
        ['fromALaterVersion', {}, 5],
      ),
    );
    expect(history.steps.size).toBe(0);
    expect(history.entries).toHaveLength(5);
  });

  it('knows the wait for a person, the one for a worker, and that work ends both', () => {
    const history = historyOf(
      makeEntries(
        ['turnIncremented', { turnCount: 1 }, 10],
        ['parked', { awaiting: { reason: 'approval' } }, 20],
        ['answered', {}, 90],
        ['turnIncremented', { turnCount: 2 }, 95],
        ['parked', {}, 99],
      ),
    );
    expect(history.waits).toEqual([
      { start: START + 20, end: START + 90, reason: 'approval', answered: false },
      { start: START + 90, end: START + 95, reason: null, answered: true },
      { start: START + 99, end: null, reason: null, answered: false },
    ]);
    expect(history.turns.map(({ end }) => end! - START)).toEqual([20, 99]);
  });

  it('keeps what happened at one moment', () => {
    const history = historyOf(
      makeEntries(
        ['usageUpdated', { delta: { total_tokens: 7 } }, 1],
        ['noted', { name: 'progress', data: { percent: 4 } }, 2],
        ['noted', {}, 3],
        ['limitApproaching', { limit: 'maxCostUsd' }, 4],
        ['childCreated', {}, 5],
      ),
    );
    expect(history.usage).toEqual([
      { seq: 1, at: START + 1, label: 'usage', data: { delta: { total_tokens: 7 } } },
    ]);
    expect(history.notes.map(({ label, data }) => [label, data])).toEqual([
      ['progress', { percent: 4 }],
      ['note', null],
    ]);
    expect(history.warnings.map(({ label }) => label)).toEqual(['limit: maxCostUsd']);
    expect(history.children).toBe(1);
  });
});
