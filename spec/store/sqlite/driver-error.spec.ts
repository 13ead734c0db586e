import { RunError } from 'agent-run';
import { isBusy, isInTransaction, sqliteError } from '../../../lib/store/sqlite/driver-error';

const IN_TRANSACTION = 'cannot start a transaction within a transaction';

const errorOf = (members: object, message = 'no'): Error => Object.assign(new Error(message), members);

/** Every primary result code of SQLite, and whether the same call may succeed later. */
const CODES: readonly (readonly [number, string, boolean])[] = [
  [1, 'SQLITE_ERROR', false],
  [2, 'SQLITE_INTERNAL', false],
  [3, 'SQLITE_PERM', false],
  [4, 'SQLITE_ABORT', false],
  [5, 'SQLITE_BUSY', true],
  [6, 'SQLITE_LOCKED', true],
  [7, 'SQLITE_NOMEM', true],
  [8, 'SQLITE_READONLY', false],
  [9, 'SQLITE_INTERRUPT', false],
  [10, 'SQLITE_IOERR', true],
  [11, 'SQLITE_CORRUPT', false],
  [12, 'SQLITE_NOTFOUND', false],
  [13, 'SQLITE_FULL', true],
  [14, 'SQLITE_CANTOPEN', true],
  [15, 'SQLITE_PROTOCOL', true],
  [17, 'SQLITE_SCHEMA', false],
  [18, 'SQLITE_TOOBIG', false],
  [19, 'SQLITE_CONSTRAINT', false],
  [20, 'SQLITE_MISMATCH', false],
  [21, 'SQLITE_MISUSE', false],
  [26, 'SQLITE_NOTADB', false],
];

describe('sqliteError()', () => {
  it.each(CODES)('says of %d, %s, whether it may be tried again: %p', (code, name, retryable) => {
    // node:sqlite gives extended codes as numbers, the others their names.
    const errors = [{ errcode: code }, { errcode: code + 256 * 3 }, { code: name }, { code: `${name}_MORE` }];
    for (const members of [...errors, { code: 'ERR_SQLITE_ERROR', errcode: code }]) {
      const error = errorOf(members);
      expect([members, sqliteError('write runs', error).retryable]).toEqual([members, retryable]);
      expect(isBusy(error)).toBe(code === 5);
    }
  });

  it.each([
    ['a code that only begins like one', { code: 'SQLITE_BUSYBODY' }],
    ['a code that is another', { code: 'ENOENT' }],
    ['a code that is none', { code: 5 }],
    ['no code', {}],
  ])('says that it is of no use to try again after %s', (_, members) => {
    expect(sqliteError('write runs', errorOf(members)).retryable).toBe(false);
  });

  it.each(['text', null, undefined, 7])('takes what is no error, such as %p', (thrown) => {
    const error = sqliteError('write runs', thrown);
    expect(error).toMatchObject({
      code: 'storage_error',
      retryable: false,
      message: 'The store could not write runs',
    });
    expect(isBusy(thrown)).toBe(false);
  });

  it('has the error of the driver as its cause, and its message', () => {
    const cause = errorOf({ code: 'SQLITE_FULL' }, 'disk is full');
    const error = sqliteError('write runs', cause);
    expect(error).toMatchObject({
      code: 'storage_error',
      message: 'The store could not write runs: disk is full',
    });
    expect(error.cause).toBe(cause);
  });

  it('leaves an error of this package as it is', () => {
    const error = new RunError('storage_error', 'no tables');
    expect(sqliteError('open the file', error)).toBe(error);
  });
});

describe('isInTransaction()', () => {
  it('knows the transaction of the owner of a handle, which ends some time', () => {
    const error = errorOf({ code: 'SQLITE_ERROR' }, `SqliteError: ${IN_TRANSACTION}`);
    expect([isInTransaction(error), isBusy(error), sqliteError('write', error).retryable]).toEqual([
      true,
      true,
      true,
    ]);
    expect(isInTransaction(errorOf({}, 'cannot commit - no transaction is active'))).toBe(false);
    expect(isInTransaction({ message: IN_TRANSACTION })).toBe(false);
  });
});
