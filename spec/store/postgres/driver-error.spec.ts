import { RunError } from 'agent-run';
import { driverError, isRetryable } from '../../../lib/store/postgres/driver-error';

describe('isRetryable()', () => {
  it.each([
    ['08000', true],
    ['08006', true],
    ['08P01', true],
    ['25006', true],
    ['25001', false],
    ['25P03', true],
    ['25P04', true],
    ['40001', true],
    ['40P01', true],
    ['53300', true],
    ['55006', true],
    ['55000', false],
    ['55P03', true],
    ['57014', true],
    ['57P01', true],
    ['57P02', true],
    ['57P03', true],
    ['57P04', false],
    ['57P05', true],
    ['58000', true],
    ['58030', true],
    ['58P01', false],
    ['72000', true],
    ['XX000', true],
    ['XX001', false],
    ['23505', false],
    ['28P01', false],
    ['3D000', false],
    ['42501', false],
    ['42P01', false],
    ['54000', false],
    ['EADDRNOTAVAIL', true],
    ['EAGAIN', true],
    ['EAI_AGAIN', true],
    ['ECONNABORTED', true],
    ['ECONNREFUSED', true],
    ['ECONNRESET', true],
    ['EHOSTDOWN', true],
    ['EHOSTUNREACH', true],
    ['EMFILE', true],
    ['ENETDOWN', true],
    ['ENETUNREACH', true],
    ['ENFILE', true],
    ['ENOENT', true],
    ['ENOTCONN', true],
    ['ENOTFOUND', true],
    ['EPIPE', true],
    ['ETIMEDOUT', true],
    ['EACCES', false],
    ['ERR_TLS_CERT_ALTNAME_INVALID', false],
    ['SELF_SIGNED_CERT_IN_CHAIN', false],
  ])('knows of the error %s whether to try again: %s', (code, expected) => {
    expect(isRetryable(Object.assign(new Error('it failed'), { code }))).toBe(expected);
  });

  it.each([
    ['Connection terminated', true],
    ['Connection terminated unexpectedly', true],
    ['Connection terminated due to connection timeout', true],
    ['timeout exceeded when trying to connect', true],
    ['timeout expired', true],
    ['Client was closed and is not queryable', true],
    ['Client has encountered a connection error and is not queryable', true],
    ['Query read timeout', true],
    ['Cannot use a pool after calling end on the pool', false],
    ['The server does not support SSL connections', false],
  ])('knows without a code of %j whether to try again: %s', (message, expected) => {
    expect(isRetryable(new Error(message))).toBe(expected);
  });

  it('goes by the code where there is one', () => {
    const error = new Error('syntax error at or near "timeout expired"');
    expect(isRetryable(Object.assign(error, { code: '42601' }))).toBe(false);
  });

  it.each([undefined, null, 'Connection', 7, {}, { code: 7 }])(
    'does not try again what nobody knows: %j',
    (thrown) => {
      expect(isRetryable(thrown)).toBe(false);
    },
  );

  it('does not try again where a pooler gives connections away after each statement', () => {
    const error = new Error('Transaction blocks not allowed in Statement pooling mode');
    expect(isRetryable(Object.assign(error, { code: '08P01' }))).toBe(false);
  });
});

describe('driverError()', () => {
  it('leaves alone what says already what it is', () => {
    const error = new RunError('conflict', 'no');
    expect(driverError('write runs', error)).toBe(error);
  });

  it('says what could not be done, and why', () => {
    const cause = Object.assign(new Error('deadlock detected'), { code: '40P01' });
    const error = driverError('write runs', cause);
    expect(error).toMatchObject({ code: 'storage_error', retryable: true, cause });
    expect(error.message).toBe('The store could not write runs: deadlock detected');
    expect(driverError('write runs', undefined).message).toBe('The store could not write runs');
  });

  it('says so too of a host with several addresses, of which none answers', () => {
    const refusals = [
      new Error('connect ECONNREFUSED ::1:5432'),
      new Error('connect ECONNREFUSED 127.0.0.1'),
    ];
    const error = driverError(
      'read a run',
      Object.assign(new AggregateError(refusals), { code: 'ECONNREFUSED' }),
    );
    expect(error).toMatchObject({ retryable: true, message: 'The store could not read a run: ECONNREFUSED' });
  });

  it('says which mode a pooler needs', () => {
    const cause = new Error('transaction blocks not allowed in statement pooling mode');
    const error = driverError('write runs', cause);
    expect(error).toMatchObject({ code: 'storage_error', retryable: false, cause });
    expect(error.message).toMatch(/^The store could not write runs: .*pool_mode = transaction/);
  });

  it('quotes no connection string that cannot be read', () => {
    const input = 'postgresql://user:hunter2@host:port/';
    const cause = Object.assign(new TypeError(`Invalid URL: ${input}`), { code: 'ERR_INVALID_URL', input });
    const error = driverError('read a run', cause);
    expect(error.message).toBe('The store could not read a run: the connection string cannot be read');
    expect(error.retryable).toBe(false);
    expect(error.cause).not.toBe(cause);
  });
});
