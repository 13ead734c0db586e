import { assertTransition, invalidOperation, shownWord } from '../../lib/record/refusal';
import { refusalOf } from '../support/refusal-of';

describe('assertTransition()', () => {
  it('names the run, both statuses and what was allowed', () => {
    const error = refusalOf(() => assertTransition({ id: 'run_7', status: 'running' }, 'pending'));

    expect(error).toMatchObject({
      code: 'invalid_transition',
      message:
        'Run run_7 cannot go from "running" to "pending" (allowed: completed, failed, cancelled, timeout)',
      details: { from: 'running', to: 'pending', allowed: ['completed', 'failed', 'cancelled', 'timeout'] },
    });
  });

  it('says that nothing is allowed after the end', () => {
    const error = refusalOf(() => assertTransition({ id: 'run_7', status: 'completed' }, 'running'));

    expect(error.message).toBe('Run run_7 cannot go from "completed" to "running" (allowed: none)');
  });

  it('lets a move of the table pass', () => {
    expect(() => assertTransition({ id: 'run_7', status: 'pending' }, 'cancelled')).not.toThrow();
  });
});

describe('invalidOperation()', () => {
  it('names the run, its status and what is wrong', () => {
    expect(invalidOperation({ id: 'run_7', status: 'failed' }, 'takes no more turns')).toMatchObject({
      code: 'invalid_operation',
      message: 'Run run_7 is "failed": it takes no more turns',
      details: { from: 'failed', to: 'failed', allowed: [] },
    });
  });
});

describe('shownWord()', () => {
  it.each<[value: unknown, shown: string]>([
    ['done', 'done'],
    ['x'.repeat(100), 'x'.repeat(40)],
    [null, '(null)'],
    [7, '(number)'],
    [['running'], '(object)'],
  ])('shows %p as %s', (value, shown) => {
    expect(shownWord(value)).toBe(shown);
  });
});
