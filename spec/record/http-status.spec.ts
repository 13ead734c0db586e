import { httpStatusOf, RunError } from 'agent-run';

describe('httpStatusOf()', () => {
  it.each<[number, unknown]>([
    [400, new RunError('validation_error', '')],
    [400, new RunError('invalid_status', '')],
    [404, new RunError('run_not_found', '')],
    [429, new RunError('limit_exceeded', '')],
    [503, new RunError('timeout', '')],
    [503, new RunError('storage_error', '', { retryable: true })],
    [500, new RunError('storage_error', '')],
    [409, new RunError('invalid_transition', '')],
    [409, new RunError('session_busy', '', { retryable: true })],
    [409, new RunError('toString', '')],
    [500, new Error('validation_error')],
    [500, 'validation_error'],
    [500, null],
  ])('gives %d', (status, error) => {
    expect(httpStatusOf(error)).toBe(status);
  });
});
