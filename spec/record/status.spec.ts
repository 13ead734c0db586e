import type { RunStatus } from 'agent-run';
import { RUN_STATUSES, RUN_TRANSITIONS, RunError } from 'agent-run';
import { isRunStatus, isTerminalStatus } from '../../lib/record/status';
import { makeRun } from '../support/make-run';
import { recordEvents } from '../support/record-events';
import { refusalOf } from '../support/refusal-of';

/** Written by hand: `yes` moves, `same` is a no-op, `no` is refused. */
const MOVES = {
  pending: {
    pending: 'same',
    running: 'yes',
    completed: 'yes',
    failed: 'yes',
    cancelled: 'yes',
    timeout: 'yes',
  },
  running: {
    pending: 'no',
    running: 'same',
    completed: 'yes',
    failed: 'yes',
    cancelled: 'yes',
    timeout: 'yes',
  },
  completed: {
    pending: 'no',
    running: 'no',
    completed: 'same',
    failed: 'no',
    cancelled: 'no',
    timeout: 'no',
  },
  failed: {
    pending: 'no',
    running: 'no',
    completed: 'no',
    failed: 'same',
    cancelled: 'no',
    timeout: 'no',
  },
  cancelled: {
    pending: 'no',
    running: 'no',
    completed: 'no',
    failed: 'no',
    cancelled: 'same',
    timeout: 'no',
  },
  timeout: {
    pending: 'no',
    running: 'no',
    completed: 'no',
    failed: 'no',
    cancelled: 'no',
    timeout: 'same',
  },
} as const satisfies Record<RunStatus, Record<RunStatus, 'yes' | 'no' | 'same'>>;

const PAIRS = Object.entries(MOVES).flatMap(([from, row]) =>
  Object.entries(row).map(([to, move]) => [from as RunStatus, to as RunStatus, move] as const),
);

const TERMINAL: readonly RunStatus[] = ['completed', 'failed', 'cancelled', 'timeout'];

beforeEach(() => jest.useFakeTimers({ now: 1_000_000 }));
afterEach(() => jest.useRealTimers());

describe('Run', () => {
  describe('.updateStatus()', () => {
    it('is asked about all 36 pairs', () => {
      expect(PAIRS).toHaveLength(36);
    });

    it.each(PAIRS.filter(([, , move]) => move === 'yes'))('moves from %s to %s', (from, to) => {
      const run = makeRun({}, from);
      const events = recordEvents(run);
      jest.advanceTimersByTime(500);

      expect(run.updateStatus(to)).toBe(run);

      expect(run.status).toBe(to);
      expect(run.isTerminal).toBe(TERMINAL.includes(to));
      expect(run.endedAt).toEqual(TERMINAL.includes(to) ? new Date(1_000_500) : null);
      expect(run.durationMs).toBe(TERMINAL.includes(to) ? 500 : null);
      expect(events).toEqual([['statusChanged', { from, to, at: 1_000_500 }]]);
    });

    it.each(PAIRS.filter(([, , move]) => move === 'no'))('refuses to go from %s to %s', (from, to) => {
      const run = makeRun({}, from);
      const events = recordEvents(run);
      const before = run.toJSON();
      jest.advanceTimersByTime(500);

      const error = refusalOf(() => run.updateStatus(to));

      expect(error.code).toBe('invalid_transition');
      const allowed = Object.entries(MOVES[from]).filter(([, move]) => move === 'yes');
      expect(error.details).toEqual({ from, to, allowed: allowed.map(([status]) => status) });
      expect(error.message).toContain(`cannot go from "${from}" to "${to}"`);
      expect(run.toJSON()).toEqual(before);
      expect(events).toEqual([]);
    });

    it.each(RUN_STATUSES)('does nothing on a run that is %s already', (status) => {
      const run = makeRun({}, status);
      const events = recordEvents(run);
      const before = run.toJSON();
      jest.advanceTimersByTime(500);

      expect(run.updateStatus(status)).toBe(run);

      expect(run.toJSON()).toEqual(before);
      expect(events).toEqual([]);
    });

    it.each([
      ['a word', 'done', 'done'],
      ['an empty word', '', ''],
      ['a word in capitals', 'RUNNING', 'RUNNING'],
      ['a member of every object', 'constructor', 'constructor'],
      ['a prototype', '__proto__', '__proto__'],
      ['a long text', 'x'.repeat(5000), 'x'.repeat(40)],
      ['a number', 1, '(number)'],
      ['null', null, '(null)'],
      ['nothing', undefined, '(undefined)'],
      ['an object', { toString: () => 'running' }, '(object)'],
    ])('refuses %s as no status', (_title, word, named) => {
      const run = makeRun({}, 'running');
      const before = run.toJSON();

      const error = refusalOf(() => run.updateStatus(word as RunStatus));

      expect(error.code).toBe('invalid_status');
      expect(error.details).toEqual({ from: 'running', to: named, allowed: RUN_STATUSES });
      expect(error.message).toContain('known: pending, running, completed, failed, cancelled, timeout');
      expect(error.message.length).toBeLessThan(250);
      expect(run.toJSON()).toEqual(before);
    });

    it('sets the end once, whatever is tried later', () => {
      const run = makeRun({}, 'running').cancel();
      const { endedAt } = run;
      jest.advanceTimersByTime(5_000);

      for (const status of RUN_STATUSES) {
        try {
          run.updateStatus(status);
        } catch (error) {
          expect(error).toBeInstanceOf(RunError);
        }
      }

      expect(run.endedAt).toEqual(endedAt);
    });

    it('gives a duration that is not negative when the clock steps back', () => {
      const run = makeRun({}, 'running');
      jest.setSystemTime(0);

      expect(run.updateStatus('completed').durationMs).toBe(0);
    });
  });

  describe('a race of cancel() and setOutput()', () => {
    it.each([
      ['cancel() first', true],
      ['setOutput() first', false],
    ])('has one winner, 10,000 times, %s', async (_title, cancelFirst) => {
      jest.useRealTimers();
      const tally = { terminal: 0, refused: 0 };

      for (let round = 0; round < 10_000; round++) {
        const run = makeRun({}, 'running');
        run.on('statusChanged', ({ to }) => void (tally.terminal += Number(isTerminalStatus(to))));
        const cancel = async (): Promise<unknown> => Promise.resolve().then(() => run.cancel('stop'));
        const finish = async (): Promise<unknown> => Promise.resolve().then(() => run.setOutput({ round }));
        const [first, second] = await Promise.allSettled(
          cancelFirst ? [cancel(), finish()] : [finish(), cancel()],
        );
        if (first.status !== 'fulfilled' || second.status !== 'rejected') throw new Error('no winner');
        tally.refused += Number((second.reason as RunError).code === 'invalid_transition');
        const { status, output, error } = run;
        if (cancelFirst !== (status === 'cancelled' && output === null)) throw new Error('overwritten');
        if (cancelFirst !== (error !== null)) throw new Error('overwritten');
      }

      expect(tally).toEqual({ terminal: 10_000, refused: 10_000 });
    });
  });
});

describe('RUN_TRANSITIONS', () => {
  it('says what the table by hand says', () => {
    for (const [from, to, move] of PAIRS) {
      expect([from, to, RUN_TRANSITIONS[from].includes(to)]).toEqual([from, to, move === 'yes']);
    }
  });

  it('cannot be changed', () => {
    expect(Object.isFrozen(RUN_TRANSITIONS)).toBe(true);
    for (const status of RUN_STATUSES) expect(Object.isFrozen(RUN_TRANSITIONS[status])).toBe(true);
    expect(Object.isFrozen(RUN_STATUSES)).toBe(true);
  });
});

describe('RUN_STATUSES', () => {
  it('holds the six statuses in the order of a life', () => {
    expect(RUN_STATUSES).toEqual(['pending', 'running', 'completed', 'failed', 'cancelled', 'timeout']);
  });

  it('is what isRunStatus() accepts', () => {
    expect([...RUN_STATUSES, 'toString', '__proto__', 7, null, ['running']].filter(isRunStatus)).toEqual(
      RUN_STATUSES,
    );
  });
});
