import type { ListOptions } from 'agent-run/store';
import { issuesOf } from '../support/refusal-of';
import {
  readFilter,
  readId,
  readLimit,
  readListOptions,
  readStart,
  writeCursor,
} from '../../lib/store/filter';

const read = (options: object): ReturnType<typeof readListOptions> => readListOptions(options);

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('readListOptions()', () => {
  it('filters by nothing that is not given', () => {
    const { limit, ...filters } = read({});
    expect(limit).toBe(50);
    expect(Object.values(filters).filter((value) => value !== undefined)).toEqual([]);
    const undefinedToo = { sessionId: undefined, metadata: undefined, cursor: undefined, limit: undefined };
    expect(read({ ...undefinedToo, status: undefined, rootsOnly: undefined })).toEqual(read({}));
    expect(read({ cursor: null, metadata: {} })).toEqual(read({}));
  });

  it('takes every filter as rows have it', () => {
    const filter = {
      sessionId: 's\0',
      status: ['timeout', 'failed', 'timeout'],
      provider: 'p',
      parentRunId: 'a',
      rootRunId: 'b',
      rootsOnly: false,
      metadata: { plan: 'pro', n: 1, gone: undefined },
      awaiting: 'resume',
      startedFrom: new Date(5),
      startedBefore: new Date(9),
    };
    expect(read({ ...filter, limit: 7 })).toEqual({
      sessionId: '\u0001"s\\u0000"',
      statuses: ['failed', 'timeout'],
      provider: 'p',
      parentRunId: 'a',
      rootRunId: 'b',
      rootsOnly: false,
      metadata: [
        { name: 'plan', value: '"pro"' },
        { name: 'n', value: '1' },
      ],
      awaits: 'resume',
      fromMs: 5,
      toMs: 9,
      after: undefined,
      limit: 7,
    });
    expect(read({ status: 'failed', rootsOnly: true, awaiting: 'answer' })).toMatchObject({
      statuses: ['failed'],
      rootsOnly: true,
      awaits: 'answer',
    });
  });

  it.each([1, 1000])('takes a limit of %d', (limit) => {
    expect(read({ limit }).limit).toBe(limit);
    expect(readLimit(limit)).toBe(limit);
  });

  it.each([0, 1001, 1.5, '5', null, NaN])('refuses a limit of %p', (limit) => {
    const issue = 'limit: must be an integer from 1 to 1000';
    expect(issuesOf(() => read({ limit }))).toEqual([issue]);
    expect(issuesOf(() => readLimit(limit as number))).toEqual([issue]);
  });

  it('goes on behind the row of a cursor', () => {
    const after = { startedMs: 5, id: '\u0001"run\\u0000"' };
    expect(read({ cursor: writeCursor(after) }).after).toEqual(after);
  });

  it.each([
    ['no text', 7],
    ['no cursor', 'nonsense'],
    ['no list', encoded({ startedMs: 5, id: 'run_1' })],
    ['a null', encoded(null)],
    ['a time that is no integer', encoded([5.5, 'run_1'])],
    ['a time that is a text', encoded(['5', 'run_1'])],
    ['an id that is no text', encoded([5, 1])],
    ['no id', encoded([5])],
  ])('refuses %s as a cursor', (_, cursor) => {
    expect(issuesOf(() => read({ cursor }))).toEqual(['cursor: must be the nextCursor of a page']);
  });

  it.each([
    [{ sessionId: 7 }, 'sessionId: must be a text'],
    [{ sessionId: null }, 'sessionId: must be a text'],
    [{ provider: ['openai'] }, 'provider: must be a text'],
    [{ parentRunId: {} }, 'parentRunId: must be a text'],
    [{ rootRunId: false }, 'rootRunId: must be a text'],
    [{ rootsOnly: 1 }, 'rootsOnly: must be true or false'],
    [{ rootsOnly: null }, 'rootsOnly: must be true or false'],
    [{ awaiting: true }, 'awaiting: must be answer or resume'],
    [{ metadata: null }, 'metadata: must be an object of members to look for'],
    [{ metadata: new Map([['a', 1]]) }, 'metadata: must be an object of members to look for'],
    [{ metadata: { a: null } }, 'metadata.a: must be a text, a number or a boolean'],
    [{ metadata: { a: Infinity } }, 'metadata.a: must be a text, a number or a boolean'],
    [{ metadata: { a: ['x'] } }, 'metadata.a: must be a text, a number or a boolean'],
    [{ startedFrom: 5 }, 'startedFrom: must be a valid Date'],
    [{ startedFrom: new Date(NaN) }, 'startedFrom: must be a valid Date'],
    [{ startedBefore: '2026-03-01T12:00:00Z' }, 'startedBefore: must be a valid Date'],
    [{ startedBefore: null }, 'startedBefore: must be a valid Date'],
  ])('refuses %p', (options, issue) => {
    expect(issuesOf(() => read(options))).toEqual([issue]);
  });

  it.each([[['failed', 'done']], ['done'], [[]], [null], [[['failed']]]])(
    'refuses the status %j',
    (status) => {
      expect(issuesOf(() => read({ status }))).toEqual([
        'status: must be one or several of pending, running, completed, failed, cancelled, timeout',
      ]);
    },
  );

  it('takes names and texts of metadata up to 256 characters', () => {
    const most = 'x'.repeat(256);
    expect(read({ metadata: { [most]: most } }).metadata).toHaveLength(1);
    const tooLong = 'must be at most 256 characters, name and text';
    expect(issuesOf(() => read({ metadata: { a: `${most}x` } }))).toEqual([`metadata.a: ${tooLong}`]);
    const [issue, ...others] = issuesOf(() => read({ metadata: { [`${most}x`]: 1 } }));
    expect(issue).toMatch(/^metadata\.x{1,60}\W*: must be at most 256 characters, name and text$/);
    expect(others).toEqual([]);
  });

  it('tells of everything at once that is wrong, but first of what it does not know', () => {
    expect(issuesOf(() => read({ limit: 0, provider: 1, awaiting: 2 }))).toHaveLength(3);
    const [unknown, ...others] = issuesOf(() => read({ limit: 0, statuses: [] }));
    expect(unknown).toMatch(/^statuses: is not known \(known: sessionId, .*, limit, cursor\)$/);
    expect(others).toEqual([]);
    for (const options of [null, [], 'all']) {
      expect(issuesOf(() => readListOptions(options as unknown as ListOptions))).toEqual([
        ': must be an object',
      ]);
    }
  });
});

describe('readFilter()', () => {
  it('leaves out what it refuses, and adds its issue', () => {
    const issues: { path: string; message: string }[] = [];
    const filter = readFilter({ metadata: { a: 1, b: null as unknown as number } }, issues);
    expect(filter.metadata).toEqual([{ name: 'a', value: '1' }]);
    expect(issues.map(({ path }) => path)).toEqual(['metadata.b']);
  });
});

describe('readId()', () => {
  it('encodes a text', () => {
    expect(readId('run_1')).toBe('run_1');
    expect(readId('run\0')).toBe('\u0001"run\\u0000"');
  });

  it.each([undefined, null, 7, {}])('refuses %p', (id) => {
    expect(issuesOf(() => readId(id))).toEqual(['id: must be a text']);
    expect(issuesOf(() => readId(id, 'runId'))).toEqual(['runId: must be a text']);
  });
});

describe('readStart()', () => {
  it('begins at 0 where nothing is given', () => {
    expect([undefined, 0, 41, Number.MAX_SAFE_INTEGER].map((start) => readStart(start, 'afterSeq'))).toEqual([
      0,
      0,
      41,
      Number.MAX_SAFE_INTEGER,
    ]);
  });

  it.each([-1, 0.5, NaN, 2 ** 53, '5', null])('refuses %p', (start) => {
    expect(issuesOf(() => readStart(start as number, 'afterSeq'))).toEqual([
      'afterSeq: must be an integer, not negative',
    ]);
  });
});
