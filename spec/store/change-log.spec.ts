import { Run } from 'agent-run';
import { portOf } from '../../lib/attachment';
import type { Changes, PendingEntry } from '../../lib/store/change-log';
import {
  afterMoveTo,
  ChangeLog,
  isUnchanged,
  mergeChanges,
  NO_CHANGES,
  withoutEnd,
  withoutEntering,
} from '../../lib/store/change-log';
import type { RecordColumn } from '../../lib/store/columns';

const STATUS = ['active', 'running', 'running_at', 'status'];
const AWAITING = ['active', 'awaiting', 'awaiting_expires_ms', 'awaits'];
const END = [...new Set([...STATUS, ...AWAITING, 'ended_at', 'error', 'output'])].sort();

interface Logged {
  readonly columns: readonly string[];
  readonly entries: readonly (readonly [type: string, data: unknown])[];
}

function brief({ columns, entries }: Changes): Logged {
  return {
    columns: [...columns].sort(),
    entries: entries.map(({ type, data }) => [type, JSON.parse(data) as unknown]),
  };
}

function follow(run: Run): ChangeLog {
  const log = new ChangeLog(run);
  portOf(run).attach({ changed: (...change) => log.add(...change) });
  return log;
}

/** What is logged of what happens to a running run. */
function logged(change: (run: Run) => unknown, run = new Run({ sessionId: 'session-1' })): Logged {
  run.updateStatus('running');
  const log = follow(run);
  change(run);
  return brief(log.take());
}

describe('ChangeLog', () => {
  it('has the columns of a move to running, without those of an end', () => {
    const run = new Run({ sessionId: 'session-1' });
    const log = follow(run);
    run.updateStatus('running');
    expect(brief(log.take())).toEqual({
      columns: STATUS,
      entries: [['statusChanged', { from: 'pending', to: 'running' }]],
    });
  });

  it('has the columns of an end too', () => {
    expect(logged((run) => run.setOutput({ secret: 7 }))).toEqual({
      columns: END,
      entries: [['statusChanged', { from: 'running', to: 'completed' }]],
    });
  });

  it('has a turn and usage', () => {
    expect(logged((run) => run.incrementTurn())).toEqual({
      columns: ['turn_count'],
      entries: [['turnIncremented', { turnCount: 1 }]],
    });
    expect(logged((run) => run.updateTokenUsage({ input_tokens: 7 }))).toEqual({
      columns: ['cost_usd', 'token_usage'],
      entries: [
        ['usageUpdated', { delta: { input_tokens: 7 }, tokenUsage: { input_tokens: 7 }, costUsd: null }],
      ],
    });
  });

  it('has what a usage meter keeps in the record with the usage that it counts', () => {
    const run = new Run({ sessionId: 'session-1' });
    portOf(run).keep('usage_by_model', () => ({}));
    expect(logged(() => run.addCost(0.5), run)).toMatchObject({
      columns: ['cost_usd', 'extra', 'token_usage', 'usage_by_model'],
    });
  });

  it.each<[name: string, change: (run: Run) => unknown, columns: readonly string[]]>([
    ['metadata', (run) => (run.metadata = { secret: 7 }), ['metadata']],
    ['providerMetadata', (run) => (run.providerMetadata = { secret: 7 }), ['provider_metadata']],
    ['provider', (run) => (run.provider = 'openai'), ['provider']],
    [
      'traceContext',
      (run) =>
        (run.traceContext = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }),
      ['extra'],
    ],
    ['output', (run) => run.draftOutput({ secret: 7 }), ['output']],
  ])('has the column of the attribute %s, and nothing of its value', (name, change, columns) => {
    expect(logged(change)).toEqual({ columns, entries: [['attributesChanged', { names: [name] }]] });
  });

  it('has the column of the limits that an execution brings', async () => {
    const run = new Run({ sessionId: 'session-1' });
    const log = follow(run);
    await run.execute(() => undefined, { limits: { maxTurns: 7 } });
    const { columns, entries } = brief(log.take());
    expect(columns).toContain('extra');
    expect(entries).toContainEqual(['attributesChanged', { names: ['limits'] }]);
  });

  it('has the column of an error that is filled in late', () => {
    const run = new Run({ sessionId: 'session-1' }).updateStatus('failed');
    const log = follow(run);
    run.setError({ code: 'late', message: 'secret' });
    expect(brief(log.take())).toEqual({
      columns: ['error'],
      entries: [['attributesChanged', { names: ['error'] }]],
    });
  });

  it('has steps, of which only the start is counted, and notes', () => {
    const { columns, entries } = logged((run) => {
      run.startStep('a').end();
      run.note('b', { seen: true });
    });
    expect(columns).toEqual(['step_count']);
    expect(entries).toMatchObject([
      ['stepStarted', { step: { index: 1, name: 'a' } }],
      ['stepEnded', { step: { index: 1, name: 'a' } }],
      ['noted', { name: 'b', data: { seen: true } }],
    ]);
    expect(logged((run) => run.note('b')).columns).toEqual([]);
  });

  it('has the id of a child', () => {
    let id: string | undefined;
    const { columns, entries } = logged((run) => (id = run.createChild().id));
    expect(columns).toEqual([]);
    expect(entries).toEqual([['childCreated', { childRunId: id }]]);
  });

  it('has a limit that is nearly used up', () => {
    const run = new Run({ sessionId: 'session-1', limits: { maxTurns: 1 } });
    const { columns, entries } = logged(() => run.incrementTurn(), run);
    expect(columns).toEqual(['turn_count']);
    expect(entries).toContainEqual(['limitApproaching', { limit: 'maxTurns', allowed: 1, actual: 1 }]);
  });

  it('has what a run waits for, and nothing of what is personal', async () => {
    const run = new Run({ sessionId: 'session-1' });
    let log: ChangeLog | undefined;
    await run.execute(() => {
      log = follow(run);
      return run.park({ reason: 'approval', data: { secret: 7 }, state: { secret: 7 } });
    });
    const awaiting = { reason: 'approval', since: expect.any(String) as string, expiresAt: null };
    expect(brief(log!.take())).toEqual({ columns: AWAITING, entries: [['parked', { awaiting }]] });
    run.answer({ secret: 7 });
    expect(brief(log!.take())).toEqual({ columns: AWAITING, entries: [['answered', {}]] });
    await run.execute(() => undefined);
    expect(brief(log!.take()).entries[0]).toEqual(['attributesChanged', { names: ['awaiting'] }]);
  });

  it('keeps when it happened', () => {
    const run = new Run({ sessionId: 'session-1' });
    const log = follow(run);
    let at: number | undefined;
    run.on('turnIncremented', (event) => (at = event.at));
    run.incrementTurn();
    expect(log.take().entries.map((entry) => entry.at)).toEqual([at]);
  });

  it('hands out what came since it was last asked', () => {
    const run = new Run({ sessionId: 'session-1' });
    const log = follow(run);
    expect([log.isEmpty, log.length, log.take()]).toEqual([true, 0, NO_CHANGES]);
    log.touch(['input']);
    expect([log.isEmpty, log.length]).toEqual([false, 0]);
    run.incrementTurn().incrementTurn();
    expect([log.isEmpty, log.length]).toEqual([false, 2]);
    expect(log.take()).toMatchObject({ columns: new Set(['input', 'turn_count']) });
    expect([log.isEmpty, log.length, log.take()]).toEqual([true, 0, NO_CHANGES]);
  });
});

function entryOf(type: string, data: object = {}): PendingEntry {
  return { type, data: JSON.stringify(data), at: 7 };
}

const moveOf = (from: string, to: string): PendingEntry => entryOf('statusChanged', { from, to });

function changesOf(columns: readonly RecordColumn[], ...entries: readonly PendingEntry[]): Changes {
  return { columns: new Set(columns), entries };
}

const TURN = entryOf('turnIncremented');

describe('isUnchanged()', () => {
  it('is true without a column and without an entry', () => {
    expect(isUnchanged(NO_CHANGES)).toBe(true);
    expect(isUnchanged(changesOf(['input']))).toBe(false);
    expect(isUnchanged(changesOf([], TURN))).toBe(false);
  });
});

describe('mergeChanges()', () => {
  it('has the columns of both, and the earlier entries first', () => {
    const [first, second] = [entryOf('noted', { name: 'a' }), entryOf('noted', { name: 'b' })];
    const merged = mergeChanges(
      changesOf(['input', 'output'], first),
      changesOf(['output', 'error'], second),
    );
    expect(merged).toEqual(changesOf(['input', 'output', 'error'], first, second));
  });

  it('copies nothing where only one has changes', () => {
    const changes = changesOf(['input'], TURN);
    expect(mergeChanges(NO_CHANGES, changes)).toBe(changes);
    expect(mergeChanges(changes, NO_CHANGES)).toBe(changes);
  });
});

describe('withoutEnd()', () => {
  it('leaves out moves and what they change, and keeps what was used', () => {
    const columns = [...END, 'turn_count', 'token_usage'] as RecordColumn[];
    expect(withoutEnd(changesOf(columns, TURN, moveOf('running', 'completed')))).toEqual(
      changesOf(['turn_count', 'token_usage'], TURN),
    );
  });
});

describe('withoutEntering()', () => {
  it('moves straight to the end', () => {
    const changes = changesOf(
      ['status'],
      moveOf('pending', 'running'),
      TURN,
      moveOf('running', 'cancelled'),
      entryOf('noted'),
    );
    expect(withoutEntering(changes)).toEqual(
      changesOf(['status'], TURN, moveOf('pending', 'cancelled'), entryOf('noted')),
    );
  });

  it.each([
    ['one move', changesOf(['status'], TURN, moveOf('pending', 'cancelled'))],
    ['none', changesOf(['turn_count'], TURN)],
  ])('leaves %s as it is', (_, changes) => {
    expect(withoutEntering(changes)).toEqual(changes);
  });
});

describe('afterMoveTo()', () => {
  const [start, end] = [moveOf('pending', 'running'), moveOf('running', 'completed')];

  it('begins at what is stored', () => {
    expect(afterMoveTo('running', changesOf(['status'], TURN, moveOf('pending', 'completed')))).toEqual(
      changesOf(['status'], TURN, end),
    );
  });

  it('leaves out a move to what is stored, and no other', () => {
    expect(afterMoveTo('running', changesOf(['status'], TURN, start, end))).toEqual(
      changesOf(['status'], TURN, end),
    );
  });

  it('leaves changes without a move as they are', () => {
    expect(afterMoveTo('running', changesOf(['turn_count'], TURN))).toEqual(changesOf(['turn_count'], TURN));
  });
});
