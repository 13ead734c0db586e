import { inspect } from 'node:util';
import { RunError } from 'agent-run';
import { validationError } from '../../lib/record/error';
import { refusalOf } from '../support/refusal-of';

describe('RunError', () => {
  it('is an Error of its own name, with a code', () => {
    const error = new RunError('conflict', 'The run has moved');

    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: 'RunError', code: 'conflict', message: 'The run has moved' });
    expect(error).toMatchObject({ details: {}, retryable: false });
    expect(error.stack).toContain('RunError: The run has moved');
  });

  it('carries details, a cause, and whether to try again', () => {
    const cause = new Error('disk full');
    const error = new RunError('storage_error', 'x', { details: { at: 1 }, cause, retryable: true });

    expect(error).toMatchObject({ details: { at: 1 }, cause, retryable: true });
  });

  it('refuses an option that it does not know', () => {
    const refused = refusalOf(() => new RunError('conflict', 'x', { detail: 1 } as object));

    expect(refused).toMatchObject({
      code: 'validation_error',
      details: {
        issues: [{ path: 'detail', message: 'is not known (known: details, cause, retryable)' }],
      },
    });
    expect(refusalOf(() => new RunError('x', 'y', { ['x'.repeat(1e6)]: 1 })).message.length).toBeLessThan(
      300,
    );
  });

  it('has no cause where none was given', () => {
    expect('cause' in new RunError('timeout', 'x')).toBe(false);
    expect('cause' in new RunError('timeout', 'x', { cause: undefined })).toBe(false);
    expect(new RunError('timeout', 'x', { cause: null }).cause).toBeNull();
  });

  it('becomes JSON without its cause and stack', () => {
    const error = new RunError('cancelled', 'Stop', { details: { a: 1 }, cause: new Error('secret') });

    expect(JSON.parse(JSON.stringify(error))).toEqual({
      name: 'RunError',
      code: 'cancelled',
      message: 'Stop',
      details: { a: 1 },
      retryable: false,
    });
  });

  it('shows its code and details when it is logged', () => {
    const shown = inspect(new RunError('cancelled', 'Stop', { details: { who: 'a user' } }));

    expect(shown).toContain("code: 'cancelled'");
    expect(shown).toContain("who: 'a user'");
  });
});

describe('validationError()', () => {
  it('names each issue in its message and its details', () => {
    const issues = [
      { path: 'a.b', message: 'is required' },
      { path: '', message: 'must be an object' },
    ];
    const error = validationError('thing', issues);

    expect(error.message).toBe('Invalid thing: a.b is required; must be an object');
    expect(error).toMatchObject({ code: 'validation_error', details: { issues }, retryable: false });
    expect(error.cause).toBeUndefined();
  });

  it('keeps a cause', () => {
    expect(validationError('thing', [], 7).cause).toBe(7);
  });
});
