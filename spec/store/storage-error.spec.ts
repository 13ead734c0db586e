import { RunError } from 'agent-run';
import {
  asStorageError,
  closedError,
  newerSchemaError,
  noStoreError,
  notFoundError,
  storageError,
  timeoutError,
} from '../../lib/store/storage-error';

describe('storageError()', () => {
  it('says what could not be done and why, and whether that may pass', () => {
    const cause = new Error('disk full');
    expect(storageError('write runs', cause, true)).toMatchObject({
      code: 'storage_error',
      message: 'The store could not write runs: disk full',
      retryable: true,
      cause,
    });
    expect(storageError('write runs', 'disk full', false)).toMatchObject({
      message: 'The store could not write runs',
      retryable: false,
      cause: 'disk full',
    });
  });
});

describe('storageError() of an error without a message', () => {
  it.each([
    ['its code', Object.assign(new Error(), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
    ['its name', new TypeError(), 'TypeError'],
  ])('gives %s', (_, cause, words) => {
    expect(storageError('be reached', cause, true).message).toBe(`The store could not be reached: ${words}`);
  });
});

describe('asStorageError()', () => {
  it('leaves an error of this package as it is', () => {
    const error = new RunError('conflict', 'Other');
    expect(asStorageError(error)).toBe(error);
  });

  it('makes one of everything else, for good', () => {
    expect(asStorageError(new TypeError('x is not a function'))).toMatchObject({
      code: 'storage_error',
      message: 'The store could not be reached: x is not a function',
      retryable: false,
    });
  });
});

describe('timeoutError()', () => {
  it('names whole milliseconds, and may be tried again', () => {
    expect(timeoutError('read a run', 99.2)).toMatchObject({
      code: 'storage_error',
      message: 'The store could not read a run: no answer from the database within 100 ms',
      details: { timeoutMs: 100 },
      retryable: true,
    });
  });
});

describe('the errors of a store', () => {
  it.each([
    ['closed', closedError(), { code: 'invalid_operation', message: 'The store is closed' }],
    [
      'not found',
      notFoundError('run_1'),
      { code: 'run_not_found', message: 'The store has no run run_1', details: { runId: 'run_1' } },
    ],
    ['no store', noStoreError('agent_run_'), { code: 'storage_error', retryable: false }],
    [
      'newer schema',
      newerSchemaError(8, 7),
      { code: 'storage_error', details: { found: 8, known: 7 }, retryable: false },
    ],
  ])('say what is the matter: %s', (_, error, expected) => {
    expect(error).toMatchObject(expected);
  });
});
