import { readFilter } from '../../lib/http/filter-query';
import { isInteger, Query } from '../../lib/http/query';
import { readGrouping } from '../../lib/http/summary-query';
import { issuesOf } from '../support/refusal-of';

const query = (text: string): Query => new Query(new URLSearchParams(text));

describe('Query', () => {
  it('reads flags', () => {
    const flags = query('yes=true&no=false');
    expect([flags.flag('yes'), flags.flag('no'), flags.flag('none')]).toEqual([true, false, undefined]);
  });

  it('reads members of the metadata, and none as null', () => {
    expect(query('metadata.a=1&metadata.b=&c=2').metadata()).toEqual({ a: '1', b: '' });
    expect(query('c=2').metadata()).toBeNull();
  });

  it('refuses what nobody has read, and names what is known, members of the metadata left out', () => {
    const parameters = query(`a=1&metadata.x=1&${'b'.repeat(100)}=1`);
    parameters.text('a');
    parameters.flag('c');
    parameters.metadata();
    expect(issuesOf(() => parameters.finish())).toEqual([`${'b'.repeat(80)}: is unknown (known: a, c)`]);
  });

  it.each([
    ['0', true],
    ['9007199254740991', true],
    ['9007199254740992', false],
    ['01', false],
    ['1x', false],
    ['x1', false],
    ['-1', false],
    ['1.5', false],
    ['', false],
  ])('takes %j for an integer: %j', (text, isOne) => {
    expect(isInteger(text)).toBe(isOne);
  });
});

describe('readFilter()', () => {
  it('has one status or several, each once, and nothing that is not given', () => {
    expect(readFilter(query(''))).toStrictEqual({});
    expect(readFilter(query('status=failed&status=failed'))).toStrictEqual({ status: 'failed' });
    expect(readFilter(query('status=failed&status=running'))).toStrictEqual({
      status: ['failed', 'running'],
    });
  });

  it('refuses a status that is none', () => {
    const parameters = query('status=failed&status=lost');
    readFilter(parameters);
    expect(issuesOf(() => parameters.check())).toEqual([
      'status: must be one of pending, running, completed, failed, cancelled, timeout',
    ]);
  });
});

describe('readGrouping()', () => {
  const known =
    'one or several of session_id, provider, status, hour, day, model, root_run_id, metadata.NAME';

  it('has the names as a store has them', () => {
    expect(readGrouping(query('group_by=session_id&group_by=metadata.team'))).toEqual([
      'sessionId',
      'metadata.team',
    ]);
  });

  it.each([
    ['', `group_by: is required: ${known}`],
    ['group_by=metadata.', `group_by: must be ${known}`],
    ['group_by=colour', `group_by: must be ${known}`],
  ])('refuses %j', (text, issue) => {
    const parameters = query(text);
    readGrouping(parameters);
    expect(issuesOf(() => parameters.check())).toEqual([issue]);
  });
});
