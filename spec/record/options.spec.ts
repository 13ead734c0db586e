import type { RunError } from 'agent-run';
import { refuseUnknown } from '../../lib/record/options';
import { refusalOf } from '../support/refusal-of';

const KNOWN = ['limit', 'cursor'];

function refused(options: unknown): RunError {
  return refusalOf(() => refuseUnknown(options, KNOWN, 'options of list'));
}

describe('refuseUnknown()', () => {
  it('lets known members pass, and no options at all', () => {
    expect(() => refuseUnknown({ limit: 1, cursor: undefined }, KNOWN, 'options')).not.toThrow();
    expect(() => refuseUnknown(undefined, KNOWN, 'options')).not.toThrow();
  });

  it('refuses every other member, with its path and the known names', () => {
    expect(refused({ limit: 1, Limit: 2, 'a b': undefined })).toMatchObject({
      code: 'validation_error',
      details: {
        issues: [
          { path: 'Limit', message: 'is not known (known: limit, cursor)' },
          { path: 'a b', message: 'is not known (known: limit, cursor)' },
        ],
      },
    });
  });

  it.each([null, 'limit', [1], 7])('refuses %p, which is no object', (options) => {
    expect(refused(options).details['issues']).toEqual([{ path: '', message: 'must be an object' }]);
  });

  it('shows the beginning of long names, and of many the first', () => {
    expect(refused({ ['x'.repeat(1_000_000)]: 1 }).message.length).toBeLessThan(200);
    const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`name-${index}`, 1]));
    expect(refused(many).details['issues']).toHaveLength(20);
  });
});
