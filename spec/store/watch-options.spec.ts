import { readWatchOptions } from '../../lib/store/watch-options';
import { issuesOf, refusalOf } from '../support/refusal-of';

const read = (options: object): unknown => readWatchOptions(options);

describe('readWatchOptions()', () => {
  const { signal } = new AbortController();

  it.each([
    [{}, { after: 0 }],
    [{ runId: undefined, sessionId: undefined, afterSeq: undefined, signal: undefined }, { after: 0 }],
    [
      { runId: 'run_1', signal },
      { runId: 'run_1', after: 0, signal },
    ],
    [
      { runId: 'run_1', afterSeq: 7 },
      { runId: 'run_1', after: 7 },
    ],
    [
      { runId: 'run_1', afterSeq: 'end' },
      { runId: 'run_1', after: 'end' },
    ],
    [
      { sessionId: 'session-1', afterPosition: 0 },
      { sessionId: 'session-1', after: 0 },
    ],
    [{ afterPosition: 'end' }, { after: 'end' }],
    [{ afterPosition: Number.MAX_SAFE_INTEGER }, { after: Number.MAX_SAFE_INTEGER }],
  ])('takes %p', (options, settings) => {
    expect(read(options)).toMatchObject(settings);
  });

  const NOT_A_START = 'must be an integer, not negative, or "end"';

  it.each([
    [null, ': must be an object'],
    [{ runID: 'run_1' }, 'runID: is not known (known: runId, sessionId, afterSeq, afterPosition, signal)'],
    [{ runId: 7 }, 'runId: must be a text'],
    [{ sessionId: 7 }, 'sessionId: must be a text'],
    [{ runId: 'run_1', sessionId: 'session-1' }, 'sessionId: must not be given together with runId'],
    [{ runId: 'run_1', afterPosition: 1 }, 'afterPosition: must not be given here: use afterSeq'],
    [{ sessionId: 'session-1', afterSeq: 1 }, 'afterSeq: must not be given here: use afterPosition'],
    [{ afterPosition: -1 }, `afterPosition: ${NOT_A_START}`],
    [{ afterPosition: 0.5 }, `afterPosition: ${NOT_A_START}`],
    [{ afterPosition: '7' }, `afterPosition: ${NOT_A_START}`],
    [{ afterPosition: null }, `afterPosition: ${NOT_A_START}`],
    [{ afterPosition: 'begin' }, `afterPosition: ${NOT_A_START}`],
    [{ afterPosition: Number.MAX_SAFE_INTEGER + 1 }, `afterPosition: ${NOT_A_START}`],
    [{ runId: 'run_1', afterSeq: -1 }, `afterSeq: ${NOT_A_START}`],
    [{ signal: {} }, 'signal: must be an AbortSignal'],
    [{ signal: null }, 'signal: must be an AbortSignal'],
  ])('refuses %p', (options, issue) => {
    expect(issuesOf(() => read(options as object))).toEqual([issue]);
    expect(refusalOf(() => read(options as object)).message).toMatch(/^Invalid watch options/);
  });

  it('names everything that is wrong', () => {
    const options = { runID: 7, runId: 7, sessionId: 7, afterSeq: -1, afterPosition: 1, signal: 7 };
    expect(issuesOf(() => read(options))).toHaveLength(7);
  });
});
