import type { ValidationIssue } from 'agent-run';
import { awaitingOf, awaitingToJSON, readAwaiting } from '../../lib/record/awaiting';

const SINCE = '2026-02-07T12:34:56.000Z';
const TIME = 'must be an ISO 8601 date with time and offset';
const OBJECT = 'must be a JSON object';

describe('readAwaiting()', () => {
  it('reads what it writes, whatever is there', () => {
    for (const json of [
      { reason: null, data: null, state: null, since: SINCE, expires_at: null },
      { reason: 'approval', data: { a: 1 }, state: { b: 2 }, since: SINCE, expires_at: SINCE, answer: null },
      { reason: '', data: {}, state: {}, since: '2026-02-07T12:34:56.000001Z', expires_at: null, later: [1] },
    ]) {
      const issues: ValidationIssue[] = [];
      expect(awaitingToJSON(readAwaiting(json, issues)!)).toStrictEqual(json);
      expect(issues).toEqual([]);
    }
  });

  it('writes its times in UTC, and what is not there as null', () => {
    const wait = readAwaiting({ since: '2026-02-07T14:34:56+02:00' }, [])!;

    expect(awaitingToJSON(wait)).toStrictEqual({
      reason: null,
      data: null,
      state: null,
      since: SINCE,
      expires_at: null,
    });
    expect(awaitingOf(wait)).toStrictEqual({
      reason: null,
      data: null,
      state: null,
      since: new Date(SINCE),
      expiresAt: null,
    });
  });

  it('keeps an answer of null apart from none', () => {
    const answered = readAwaiting({ since: SINCE, expires_at: SINCE, answer: null }, [])!;

    expect(awaitingOf(answered)).toMatchObject({ answer: null, expiresAt: new Date(SINCE) });
    expect(readAwaiting({ since: SINCE, answer: undefined }, [])?.answer).toBeNull();
  });

  it('reads null as no wait', () => {
    const issues: ValidationIssue[] = [];
    expect(readAwaiting(null, issues)).toBeNull();
    expect(issues).toEqual([]);
  });

  it('reads no member that is inherited', () => {
    const issues: ValidationIssue[] = [];
    const inherited = Object.defineProperty(Object.create(null) as object, 'since', { value: SINCE });
    readAwaiting(Object.create(inherited), issues);
    expect(issues).toEqual([{ path: 'awaiting.since', message: TIME }]);
  });

  it.each<[title: string, json: unknown, issues: string[]]>([
    ['a text', 'approval', [`awaiting ${OBJECT}`]],
    ['a list', [], [`awaiting ${OBJECT}`]],
    ['no time since', {}, [`awaiting.since ${TIME}`]],
    ['null since', { since: null }, [`awaiting.since ${TIME}`]],
    ['a word since', { since: 'yesterday' }, [`awaiting.since ${TIME}`]],
    ['a number since', { since: 0 }, [`awaiting.since ${TIME}`]],
    ['a word for the end', { since: SINCE, expires_at: 'never' }, [`awaiting.expires_at ${TIME}`]],
    ['a number for the end', { since: SINCE, expires_at: 0 }, [`awaiting.expires_at ${TIME}`]],
    ['a reason that is no text', { since: SINCE, reason: 7 }, ['awaiting.reason must be a string']],
    [
      'payloads that are no objects',
      { since: SINCE, data: [1], state: 'x' },
      [`awaiting.data ${OBJECT}`, `awaiting.state ${OBJECT}`],
    ],
  ])('refuses %s', (_title, json, expected) => {
    const issues: ValidationIssue[] = [];
    readAwaiting(json, issues);
    expect(issues.map(({ path, message }) => `${path} ${message}`)).toEqual(expected);
  });
});
