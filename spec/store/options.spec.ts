import { hostname } from 'node:os';
import type { TrackOptions } from 'agent-run/store';
import { checkStoreOptions, defaultWorkerName, readTrackOptions } from '../../lib/store/options';
import { issuesOf, refusalOf } from '../support/refusal-of';

const BELOW_2_31 = 2 ** 31 - 1;

const issuesOfTrack = (options: object, defaults?: object): string[] =>
  issuesOf(() => readTrackOptions(options, defaults));
const issuesOfStore = (options: object): string[] => issuesOf(() => checkStoreOptions(options));

describe('readTrackOptions()', () => {
  it('completes them', () => {
    expect(readTrackOptions({})).toEqual({
      leaseMs: 30_000,
      whenBusy: 'allow',
      maxBuffered: 10_000,
      onError: undefined,
      children: true,
      asksFirst: false,
    });
  });

  it('prefers what is given to what the store was given', () => {
    const [mine, theirs] = [jest.fn(), jest.fn()];
    const defaults = {
      leaseMs: 1,
      whenBusy: 'queue',
      maxBuffered: 2,
      onError: theirs,
      children: false,
    } as const;
    expect(readTrackOptions({}, defaults)).toEqual({ ...defaults, asksFirst: false });
    const given = { leaseMs: 3, whenBusy: 'reject', maxBuffered: 4, onError: mine, children: true } as const;
    expect(readTrackOptions(given, defaults)).toEqual({ ...given, asksFirst: false });
  });

  it.each([
    { leaseMs: 1 },
    { leaseMs: BELOW_2_31 },
    { maxBuffered: 1 },
    { maxBuffered: Infinity },
    { whenBusy: 'allow' },
    { whenBusy: 'reject' },
    { whenBusy: 'queue' },
    { whenBusy: 'cancel-previous' },
  ] as const)('takes %p', (options) => {
    expect(readTrackOptions(options)).toMatchObject(options);
  });

  it.each([
    [null, ': must be an object'],
    [{ leaseMs: 0.9 }, 'leaseMs: must be milliseconds, at least 1 and below 2^31'],
    [{ leaseMs: BELOW_2_31 + 1 }, 'leaseMs: must be milliseconds, at least 1 and below 2^31'],
    [{ leaseMs: '7' }, 'leaseMs: must be milliseconds, at least 1 and below 2^31'],
    [{ leaseMs: NaN }, 'leaseMs: must be milliseconds, at least 1 and below 2^31'],
    [{ whenBusy: 'wait' }, 'whenBusy: must be one of allow, reject, queue, cancel-previous'],
    [{ maxBuffered: 0.9 }, 'maxBuffered: must be a number, at least 1'],
    [{ maxBuffered: '7' }, 'maxBuffered: must be a number, at least 1'],
    [{ children: 'no' }, 'children: must be true or false'],
    [{ onError: 'throw' }, 'onError: must be a function'],
    [{ leasems: 7 }, 'leasems: is not known (known: leaseMs, whenBusy, maxBuffered, onError, children)'],
  ])('refuses %p', (options, issue) => {
    expect(issuesOfTrack(options as object)).toEqual([issue]);
    expect(refusalOf(() => readTrackOptions(options as TrackOptions)).message).toMatch(
      /^Invalid track options/,
    );
  });

  it('names everything that is wrong', () => {
    expect(
      issuesOfTrack({ leaseMs: 0, whenBusy: 'wait', maxBuffered: 0, children: 7, onError: 7 }),
    ).toHaveLength(5);
  });
});

describe('checkStoreOptions()', () => {
  it.each([
    {},
    { pollMs: 1, retryForMs: 0, callTimeoutMs: 1 },
    { pollMs: BELOW_2_31, retryForMs: BELOW_2_31, callTimeoutMs: BELOW_2_31 },
    { workerName: 'worker 7', onError: jest.fn(), track: { leaseMs: 7 } },
  ])('takes %p', (options) => {
    expect(() => checkStoreOptions(options)).not.toThrow();
  });

  it.each([
    [{ pollMs: 0 }, 'pollMs: must be milliseconds, at least 1 and below 2^31'],
    [{ retryForMs: -1 }, 'retryForMs: must be milliseconds, at least 0 and below 2^31'],
    [{ callTimeoutMs: 0 }, 'callTimeoutMs: must be milliseconds, at least 1 and below 2^31'],
    [{ callTimeoutMs: null }, 'callTimeoutMs: must be milliseconds, at least 1 and below 2^31'],
    [{ workerName: '' }, 'workerName: must be a text, not empty'],
    [{ workerName: 7 }, 'workerName: must be a text, not empty'],
    [{ onError: 'throw' }, 'onError: must be a function'],
    [{ track: { leaseMs: 0 } }, 'leaseMs: must be milliseconds, at least 1 and below 2^31'],
  ])('refuses %p', (options, issue) => {
    expect(issuesOfStore(options)).toEqual([issue]);
  });
});

describe('defaultWorkerName()', () => {
  it('names the host and the process', () => {
    expect(defaultWorkerName()).toBe(`${hostname()}:${process.pid}`);
  });
});
