import type { RunError } from 'agent-run';
import { namingOf } from '../../../lib/store/postgres/names';
import { checkOptions } from '../../../lib/store/postgres/options';

const URL = 'postgresql://localhost/db';
const POOL = { connect: () => undefined };

/** What is found, each with its path. */
function issuesOf(options: object): unknown {
  try {
    checkOptions(options);
  } catch (error) {
    const { code, details } = error as RunError;
    expect(code).toBe('validation_error');
    return details['issues'];
  }
  return [];
}

const WHAT_NAME = 'must be 1 to 31 small letters, digits and underscores, and not begin with a digit';

describe('checkOptions()', () => {
  it.each<[string, object]>([
    ['a connection string', { connectionString: URL }],
    ['a pool', { pool: POOL }],
    ['a place', { pool: POOL, schema: 'a', tablePrefix: '_9z_' }],
    ['names of 31 letters', { pool: POOL, schema: 'x'.repeat(31), tablePrefix: 'y'.repeat(31) }],
    ['what is switched on', { pool: POOL, listen: true, mustExist: true }],
    ['what is switched off', { pool: POOL, listen: false, mustExist: false }],
    ['what is left out', { pool: POOL, listen: undefined, mustExist: undefined, schema: undefined }],
  ])('takes %s', (_, options) => {
    expect(issuesOf(options)).toEqual([]);
  });

  it.each<[object, string, string]>([
    [{}, '', 'one of pool and connectionString is required, and not both'],
    [{ pool: POOL, connectionString: URL }, '', 'one of pool and connectionString is required, and not both'],
    [{ pool: {} }, 'pool', 'must be a pool of the package pg'],
    [{ pool: null }, 'pool', 'must be a pool of the package pg'],
    [{ pool: { connect: 1 } }, 'pool', 'must be a pool of the package pg'],
    [{ connectionString: '' }, 'connectionString', 'must be a text'],
    [{ connectionString: 7 }, 'connectionString', 'must be a text'],
    [{ connectionString: null }, 'connectionString', 'must be a text'],
    [{ pool: POOL, listen: 1 }, 'listen', 'must be true or false'],
    [{ pool: POOL, listen: null }, 'listen', 'must be true or false'],
    [{ pool: POOL, mustExist: 'no' }, 'mustExist', 'must be true or false'],
    ...['', '1st', 'A', 'a-b', 'a"b', 'ä', 'a\n', ' a', 'x'.repeat(32), 7, null, true, ['a']].flatMap(
      (name): [object, string, string][] => [
        [{ pool: POOL, schema: name }, 'schema', WHAT_NAME],
        [{ pool: POOL, tablePrefix: name }, 'tablePrefix', WHAT_NAME],
      ],
    ),
  ])('refuses %j for its %s', (options, path, message) => {
    expect(issuesOf(options)).toEqual([{ path, message }]);
  });

  it('refuses what it does not know, and names it alone', () => {
    expect(issuesOf({ tabelPrefix: 'x_' })).toEqual([
      { path: 'tabelPrefix', message: expect.stringContaining('tablePrefix') as unknown },
    ]);
  });
});

describe('namingOf()', () => {
  it('quotes the names that stand in statements', () => {
    expect(namingOf({})).toEqual({
      schema: null,
      prefix: 'agent_run_',
      tables: {
        runs: '"agent_run_runs"',
        journal: '"agent_run_journal"',
        metadata: '"agent_run_metadata"',
        positions: '"agent_run_positions"',
        migrations: '"agent_run_migrations"',
        apply: '"agent_run_apply"',
      },
      channel: 'agent_run_',
    });
  });

  it('tells the channels of schemas and prefixes apart, and keeps them whole', () => {
    const [schema, tablePrefix] = ['s'.repeat(31), 'p'.repeat(31)];
    const { channel, tables } = namingOf({ schema, tablePrefix });
    expect(channel).toBe(`${schema}_${tablePrefix}`);
    // PostgreSQL refuses longer ones.
    expect(channel).toHaveLength(63);
    expect(tables.runs).toBe(`"${schema}"."${tablePrefix}runs"`);
    expect(namingOf({ schema: 'a' }).channel).toBe('a_agent_run_');
  });
});
