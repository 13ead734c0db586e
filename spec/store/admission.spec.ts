import type { WhenBusy } from 'agent-run/store';
import { Run, RunError } from 'agent-run';
import type { AdmissionSettings } from '../../lib/store/admission';
import { Admission } from '../../lib/store/admission';
import { SessionLines } from '../../lib/store/session-lines';
import { WakeUps } from '../../lib/store/wake-ups';
import { awayError } from '../support/flaky-backend';
import { VirtualClock } from '../support/virtual-clock';

let clock: VirtualClock;
let wakeUps: WakeUps;
let lines: SessionLines;
let endOrphans: jest.Mock<Promise<boolean>, [string]>;
let cancelOthers: jest.Mock<Promise<void>, [unknown]>;

beforeEach(() => {
  clock = new VirtualClock(7);
  wakeUps = new WakeUps(clock);
  lines = new SessionLines();
  endOrphans = jest.fn<Promise<boolean>, [string]>(() => Promise.resolve(false));
  cancelOthers = jest.fn<Promise<void>, [unknown]>(() => Promise.resolve());
});

interface Admitted {
  readonly admission: Admission;
  readonly run: Run;
  readonly onTurn: jest.Mock;
}

function admit(
  whenBusy: WhenBusy,
  settings: Partial<AdmissionSettings> = {},
  run = new Run({ sessionId: 'session-1' }),
): Admitted {
  const onTurn = jest.fn();
  const session = {
    clock,
    lines,
    endOrphans,
    cancelOthers,
    enter: (subject: Parameters<WakeUps['enter']>[0]) => wakeUps.enter(subject),
  };
  const all = { whenBusy, asksFirst: false, holdsSession: false, ...settings };
  return { admission: new Admission(run, all, session, onTurn), run, onTurn };
}

interface Waited {
  readonly result: Promise<RunError | null>;
  /** When it settled; null before. */
  at: number | null;
}

function wait({ admission }: Admitted): Waited {
  const waited: Waited = { result: admission.wait(), at: null };
  void waited.result.then(() => (waited.at = clock.now()));
  return waited;
}

/** Something of the session was written. */
function tell(): void {
  wakeUps.wake({ runIds: [], sessionIds: ['session-1'] });
}

describe('Admission', () => {
  describe('holds back', () => {
    const child = new Run({ sessionId: 'session-1' }).createChild();

    it.each<[string, WhenBusy, object, Run | undefined, isShut: boolean, isExclusive: boolean]>([
      ['nobody with "allow"', 'allow', {}, undefined, false, false],
      ['whoever asks first', 'allow', { asksFirst: true }, undefined, true, false],
      ['with "reject"', 'reject', {}, undefined, true, true],
      ['with "queue"', 'queue', {}, undefined, true, true],
      ['with "cancel-previous"', 'cancel-previous', {}, undefined, true, true],
      [
        'one that holds its session, until it is stored',
        'queue',
        { holdsSession: true },
        undefined,
        true,
        false,
      ],
      ['no child', 'queue', {}, child, false, false],
      ['a child that asks first, whatever its session', 'queue', { asksFirst: true }, child, true, false],
      [
        'no run that has ended',
        'queue',
        { asksFirst: true },
        new Run({ sessionId: 'session-1' }).cancel(),
        false,
        false,
      ],
    ])('%s', (_, whenBusy, settings, run, isShut, isExclusive) => {
      const { admission } = admit(whenBusy, settings, run);
      expect([admission.isShut, admission.isExclusive]).toEqual([isShut, isExclusive]);
    });
  });

  describe('.surround()', () => {
    it('calls the function of a run that is in at once', () => {
      expect(admit('allow').admission.surround(() => 7)).toBe(7);
    });

    it.each(['admit', 'open'] as const)('calls it after %s(), once', async (way) => {
      const { admission } = admit('queue');
      const fn = jest.fn(() => 7);
      const surrounded = admission.surround(fn);
      await clock.pass(0);
      expect(fn).not.toHaveBeenCalled();
      admission[way]();
      admission[way]();
      await expect(Promise.resolve(surrounded)).resolves.toBe(7);
      expect(fn).toHaveBeenCalledTimes(1);
      expect([admission.isShut, admission.isExclusive]).toEqual([false, false]);
    });

    it('rejects after refuse(), and does not call it', async () => {
      const { admission } = admit('queue');
      const fn = jest.fn();
      const surrounded = Promise.resolve(admission.surround(fn));
      const error = new RunError('session_busy', 'busy');
      admission.refuse(error);
      await expect(surrounded).rejects.toBe(error);
      expect(fn).not.toHaveBeenCalled();
    });
  });

  describe('.mayTry()', () => {
    it.each<[WhenBusy, object]>([
      ['allow', {}],
      ['allow', { asksFirst: true }],
      ['queue', { holdsSession: true }],
    ])('is true for one that need not ask for its session: "%s", %p', (whenBusy, settings) => {
      expect(admit(whenBusy, settings).admission.mayTry()).toBe(true);
      expect(wakeUps.isEmpty).toBe(true);
    });

    it.each(['reject', 'cancel-previous'] as const)('is true for each with "%s"', (whenBusy) => {
      expect([admit(whenBusy), admit(whenBusy)].map(({ admission }) => admission.mayTry())).toEqual([
        true,
        true,
      ]);
    });

    it('lets one of those who queue in a session try, the next when that has left', () => {
      const [first, second, third] = [admit('queue'), admit('queue'), admit('queue')];
      const other = admit('queue', {}, new Run({ sessionId: 'session-2' }));
      const all = [first, second, third, other];
      for (let look = 0; look < 2; look++) {
        expect(all.map(({ admission }) => admission.mayTry())).toEqual([true, false, false, true]);
      }
      first.admission.open();
      expect(all.map(({ onTurn }) => onTurn.mock.calls.length)).toEqual([0, 1, 0, 0]);
      expect(all.map(({ admission }) => admission.mayTry())).toEqual([true, true, false, true]);
    });

    it('lets the next wait for news where the one before was admitted', async () => {
      const [first, second] = [admit('queue'), admit('queue')];
      for (const { admission } of [first, second]) admission.mayTry();
      tell();
      first.admission.admit();
      await clock.pass(400);
      expect(second.onTurn).not.toHaveBeenCalled();
      tell();
      await clock.pass(0);
      expect(second.onTurn).toHaveBeenCalledTimes(1);
    });

    it('lets the next try within a second without news', async () => {
      const [first, second] = [admit('queue'), admit('queue')];
      for (const { admission } of [first, second]) admission.mayTry();
      first.admission.admit();
      await clock.pass(499);
      expect(second.onTurn).not.toHaveBeenCalled();
      await clock.pass(501);
      expect(second.onTurn).toHaveBeenCalledTimes(1);
    });

    it('gives no turn to one that has left meanwhile, and leaves nothing', async () => {
      const [first, second] = [admit('queue'), admit('queue')];
      for (const { admission } of [first, second]) admission.mayTry();
      first.admission.admit();
      second.admission.open();
      await clock.pass(1_000);
      expect(second.onTurn).not.toHaveBeenCalled();
      expect([wakeUps.isEmpty, clock.waiting]).toEqual([true, 0]);
    });
  });

  describe('.parked()', () => {
    it('lets the run go, and holds it back again when it is resumed', async () => {
      const { admission } = admit('queue', { holdsSession: true });
      const executed = admission.surround(() => 'before');
      admission.parked();
      await expect(Promise.resolve(executed)).resolves.toBe('before');
      expect([admission.isShut, admission.isExclusive]).toEqual([true, true]);
      const resumed = jest.fn();
      void Promise.resolve(admission.surround(resumed));
      await clock.pass(0);
      expect(resumed).not.toHaveBeenCalled();
    });

    it('does not hold back one that never asks', () => {
      const { admission } = admit('allow');
      admission.parked();
      expect(admission.isShut).toBe(false);
    });
  });

  describe('.wait()', () => {
    it('does nothing for one that is in', async () => {
      expect(await admit('allow').admission.wait()).toBeNull();
      expect(endOrphans).not.toHaveBeenCalled();
    });

    it.each<WhenBusy>(['reject', 'queue', 'cancel-previous'])(
      'tries again at once where the session was kept by the dead, with "%s"',
      async (whenBusy) => {
        const admitted = admit(whenBusy);
        admitted.admission.mayTry();
        endOrphans.mockResolvedValue(true);
        const waited = wait(admitted);
        await clock.pass(0);
        expect([waited.at, await waited.result]).toEqual([0, null]);
        expect(endOrphans.mock.calls).toEqual([['session-1']]);
        expect(cancelOthers).not.toHaveBeenCalled();
      },
    );

    it('says that the session is busy with "reject"', async () => {
      const { admission, run } = admit('reject');
      expect(await admission.wait()).toMatchObject({
        code: 'session_busy',
        message: `Run ${run.id} cannot start: its session has a running run`,
        details: { runId: run.id, sessionId: 'session-1' },
        retryable: true,
      });
    });

    it('cancels the others with "cancel-previous", and pauses longer each time', async () => {
      const admitted = admit('cancel-previous');
      const pauses: number[] = [];
      for (let tries = 1; tries <= 8; tries++) {
        const startedAt = clock.now();
        const waited = wait(admitted);
        await clock.pass(200);
        expect(await waited.result).toBeNull();
        pauses.push(waited.at! - startedAt);
      }
      expect(cancelOthers.mock.calls).toEqual(Array(8).fill([admitted.run]));
      expect(endOrphans).toHaveBeenCalledTimes(1);
      const [none, ...others] = pauses;
      expect(none).toBe(0);
      for (const [index, pause] of others.entries()) {
        const longest = Math.min(5 * 2 ** index, 100);
        expect(pause).toBeGreaterThanOrEqual(longest / 2);
        expect(pause).toBeLessThan(longest);
      }
    });

    it('waits for news with "queue"', async () => {
      const admitted = admit('queue');
      admitted.admission.mayTry();
      const waited = wait(admitted);
      await clock.pass(100);
      wakeUps.wake({ runIds: [], sessionIds: ['session-2'] });
      await clock.pass(100);
      expect(waited.at).toBeNull();
      tell();
      await clock.pass(0);
      expect([waited.at, await waited.result]).toEqual([200, null]);
      expect(endOrphans).toHaveBeenCalledTimes(1);
    });

    it.each([
      [0, 500],
      [0.5, 750],
      [0.998, 999],
    ])('looks for the dead again where there is no news for half a second to one: %p', async (chance, ms) => {
      jest.spyOn(clock, 'random').mockReturnValue(chance);
      const admitted = admit('queue');
      admitted.admission.mayTry();
      await clock.pass(5_000);
      const waited = wait(admitted);
      await clock.pass(1_000);
      expect([waited.at, await waited.result]).toEqual([5_000 + ms, null]);
      expect(endOrphans).toHaveBeenCalledTimes(2);
    });

    it('does not look for the dead at every try', async () => {
      const admitted = admit('queue');
      admitted.admission.mayTry();
      for (let tries = 0; tries < 5; tries++) {
        admitted.admission.mayTry();
        const waited = wait(admitted);
        await clock.pass(0);
        tell();
        await clock.pass(200);
        expect(waited.at).not.toBeNull();
      }
      expect(endOrphans).toHaveBeenCalledTimes(1);
    });

    it.each(['reject', 'cancel-previous'] as const)(
      'tries again where the database is away, with "%s"',
      async (whenBusy) => {
        const admitted = admit(whenBusy);
        endOrphans.mockRejectedValueOnce(awayError());
        expect(await admitted.admission.wait()).toBeNull();
      },
    );

    it.each([
      ['The file is broken', new RunError('storage_error', 'The file is broken')],
      ['The store could not be reached: no driver', new TypeError('no driver')],
    ])('says what the database refuses for good: %s', async (message, error) => {
      cancelOthers.mockRejectedValueOnce(error);
      const refusal = await admit('cancel-previous').admission.wait();
      expect(refusal).toMatchObject({ code: 'storage_error', message });
    });

    it('pauses for nobody who has left meanwhile', async () => {
      const admitted = admit('cancel-previous');
      await admitted.admission.wait();
      cancelOthers.mockImplementation(() => {
        admitted.admission.open();
        return Promise.resolve();
      });
      const waited = wait(admitted);
      await clock.pass(0);
      expect(waited.at).toBe(0);
    });
  });
});
