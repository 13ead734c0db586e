import { RunError } from 'agent-run';
import type { ExecuteOptions, ValidationIssue } from 'agent-run';
import { readExecuteOptions } from '../../lib/execution/options';

function issuesOf(options: unknown): ValidationIssue[] {
  try {
    readExecuteOptions(options as ExecuteOptions);
  } catch (error) {
    if (error instanceof RunError && error.code === 'validation_error') {
      return error.details['issues'] as ValidationIssue[];
    }
    throw error;
  }
  return [];
}

describe('readExecuteOptions()', () => {
  it('waits for ever, and 2,000 ms for an answer to the signal, where nothing is said', () => {
    const settings = { timeoutMs: Infinity, graceMs: 2_000, signal: null, limits: null };
    expect(readExecuteOptions({})).toEqual(settings);
    const nothing = { timeoutMs: undefined, graceMs: undefined, signal: null, limits: undefined };
    expect(readExecuteOptions(nothing)).toEqual(settings);
  });

  it('takes what is said', () => {
    const { signal } = new AbortController();
    const options = { timeoutMs: 0.5, graceMs: 0, signal, limits: { maxTurns: 20 } };
    expect(readExecuteOptions(options)).toEqual(options);
  });

  it.each([2 ** 31, Number.MAX_VALUE, Infinity])('takes a timeoutMs of %d', (timeoutMs) => {
    expect(readExecuteOptions({ timeoutMs }).timeoutMs).toBe(timeoutMs);
  });

  it.each([0, -0, -1, NaN, -Infinity, '1000', null, {}, 10n])('refuses a timeoutMs of %p', (timeoutMs) => {
    expect(issuesOf({ timeoutMs })).toEqual([{ path: 'timeoutMs', message: 'must be a number above 0' }]);
  });

  it.each([-1, NaN, '0', null, true])('refuses a graceMs of %p', (graceMs) => {
    expect(issuesOf({ graceMs })).toEqual([{ path: 'graceMs', message: 'must be a number, not negative' }]);
  });

  it.each([true, 'signal', {}, { aborted: false }, new AbortController()])(
    'refuses %p as signal',
    (signal) => {
      expect(issuesOf({ signal })).toEqual([{ path: 'signal', message: 'must be an AbortSignal' }]);
    },
  );

  it.each([
    [7, 'limits'],
    [[], 'limits'],
    [{ maxTurns: -1 }, 'limits.maxTurns'],
    [{ maxTurns: 1.5 }, 'limits.maxTurns'],
    [{ maxTotalTokens: 2 ** 53 }, 'limits.maxTotalTokens'],
    [{ maxCostUsd: -Infinity }, 'limits.maxCostUsd'],
    [{ approachingRatio: Infinity }, 'limits.approachingRatio'],
    [{ maxCostUsd: '1' }, 'limits.maxCostUsd'],
    [{ allowUnpriced: 'yes' }, 'limits.allowUnpriced'],
    [{ approachingRatio: 0 }, 'limits.approachingRatio'],
    [{ approachingRatio: 1.1 }, 'limits.approachingRatio'],
    [{ maxTurn: 20 }, 'limits.maxTurn'],
    [{ max_turns: 20 }, 'limits.max_turns'],
  ])('refuses the limits %p, at %s', (limits, path) => {
    expect(issuesOf({ limits })).toEqual([{ path, message: expect.any(String) as string }]);
  });

  it('names everything that is wrong at once, and no value', () => {
    const options = {
      timeoutMs: 'secret',
      graceMs: 'secret',
      signal: 'secret',
      limits: { maxTurns: 'secret' },
    };
    const issues = issuesOf(options);
    expect(issues.map(({ path }) => path)).toEqual(['timeoutMs', 'graceMs', 'signal', 'limits.maxTurns']);
    expect(JSON.stringify(issues)).not.toContain('secret');
  });

  it.each([null, 7, 'fast'])('refuses %p in place of options', (options) => {
    expect(issuesOf(options)).toEqual([{ path: '', message: 'must be an object' }]);
  });
});
