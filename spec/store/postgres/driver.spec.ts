import type { PostgresPool } from 'agent-run/store/postgres';
import { Pool } from 'pg';
import type * as driverModule from '../../../lib/store/postgres/driver';
import { openPool } from '../../../lib/store/postgres/driver';

function refusal(connectionString: string): unknown {
  try {
    openPool({ connectionString });
  } catch (error) {
    return error;
  }
  return null;
}

/** What opening a pool comes to where `pg` is another one. */
function openWith(pg: () => unknown): unknown {
  let outcome: unknown;
  jest.isolateModules(() => {
    jest.doMock('pg', pg);
    const driver = jest.requireActual<typeof driverModule>('../../../lib/store/postgres/driver');
    try {
      outcome = driver.openPool({ connectionString: 'postgresql://localhost/db' });
    } catch (error) {
      outcome = error;
    } finally {
      jest.dontMock('pg');
    }
  });
  return outcome;
}

describe('openPool()', () => {
  it('takes the pool that it is given, which is not its own', async () => {
    const pool = new Pool() as PostgresPool;
    expect(openPool({ pool })).toEqual({ pool, isOwn: false });
    await pool.end();
  });

  it('makes one of a connection string, which names itself and keeps no process alive', async () => {
    const connectionString = 'postgresql://user:pass@localhost:65535/db';
    const { pool, isOwn } = openPool({ connectionString });
    expect(isOwn).toBe(true);
    expect(pool.options).toMatchObject({
      connectionString,
      application_name: 'agent-run',
      keepAlive: true,
      allowExitOnIdle: true,
    });
    await pool.end();
  });

  it.each([
    ['postgresql://localhost/db?sslmode=verify-full&sslrootcert=/none.pem', /names a file .*\(ENOENT\)/],
    ['postgresql://user:pass@localhost:65536/db', /has a port above 65535/],
    ['postgresql://user:pass@localhost:99999', /has a port above 65535/],
    ['postgresql://user:pass@localhost:99999?a=b', /has a port above 65535/],
    ['postgresql://user:pass@localhost:99999#a', /has a port above 65535/],
    ['postgresql://localhost/db?uselibpqcompat=true&sslmode=verify-ca', /must be postgresql:/],
    ['postgresql://user:pass@localhost:port/db', /must be postgresql:/],
    ['postgresql://user:99999@localhost:port/db', /must be postgresql:/],
    ['postgresql://user:pass@localhost:99999x/db', /must be postgresql:/],
    ['postgresql://user:pass@[bad]:65535/db', /must be postgresql:/],
  ])('says what is wrong with %s', (connectionString, message) => {
    const error = refusal(connectionString);
    expect(error).toMatchObject({
      code: 'validation_error',
      details: { issues: [{ path: 'connectionString', message: expect.stringMatching(message) as unknown }] },
    });
  });

  it('says what to do where pg is missing', () => {
    const cause = new Error('Cannot find module');
    const outcome = openWith(() => {
      throw cause;
    });
    expect(outcome).toMatchObject({
      code: 'storage_error',
      message: expect.stringMatching(/npm install pg.*new PostgresRunStore\(\{ pool \}\)/) as unknown,
      cause,
    });
  });

  it.each<[string, (pg: object) => object]>([
    ['as it is', (pg) => pg],
    ['as the default export of a bundle', (pg) => ({ default: pg })],
  ])('takes pg %s', (_, exported) => {
    const made: string[] = [];
    const Client = function (): void {
      made.push('client');
    };
    const OtherPool = function (): void {
      made.push('pool');
    };
    const outcome = openWith(() => exported({ Client, Pool: OtherPool }));
    expect(outcome).toMatchObject({ isOwn: true });
    // A client reads the connection string at once.
    expect(made).toEqual(['client', 'pool']);
  });
});
