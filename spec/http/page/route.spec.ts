import * as fc from 'fast-check';
import type { Route, RunFilter } from '../../../lib/http/page/model/route';
import {
  encodePart,
  isUnfiltered,
  NO_FILTER,
  parseRoute,
  routeHash,
  runHash,
  runsHash,
  runsQuery,
  sessionHash,
} from '../../../lib/http/page/model/route';
import { STATUSES } from '../../../lib/http/page/model/records';

const text = fc.string({ unit: 'grapheme', maxLength: 30 });
const word = text.filter((value) => value !== '');
const filter: fc.Arbitrary<RunFilter> = fc.record({
  status: fc.subarray([...STATUSES]),
  sessionId: text,
  provider: text,
  awaiting: fc.constantFrom('' as const, 'answer' as const, 'resume' as const),
  rootsOnly: fc.boolean(),
  from: fc.constantFrom('', '2026-02-28'),
  to: fc.constantFrom('', '2024-12-31'),
  metadata: fc.uniqueArray(fc.record({ name: word, value: text }), {
    maxLength: 3,
    selector: ({ name }) => name,
  }),
});
const route: fc.Arbitrary<Route> = fc.oneof(
  fc.record({
    view: fc.constant('overview' as const),
    range: fc.constantFrom('24h' as const, '7d' as const),
  }),
  fc.record({ view: fc.constant('runs' as const), filter, cursor: fc.option(word) }),
  fc.record({ view: fc.constant('run' as const), id: word, step: fc.option(word) }),
  fc.record({ view: fc.constant('session' as const), id: word, cursor: fc.option(word) }),
);

describe('parseRoute()', () => {
  it('reads what routeHash() writes', () => {
    fc.assert(
      fc.property(route, (expected) => {
        expect(parseRoute(routeHash(expected))).toEqual(expected);
      }),
    );
  });

  it('never throws, whatever an address holds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (hash) => {
        expect(typeof routeHash(parseRoute(hash))).toBe('string');
      }),
    );
  });

  it('leaves out what an address cannot mean', () => {
    expect(parseRoute('#/?range=3y')).toEqual({ view: 'overview', range: '7d' });
    expect(parseRoute('#/runs?status=lost&awaiting=rain&from=2026-99-99&metadata.=x')).toEqual({
      view: 'runs',
      filter: NO_FILTER,
      cursor: null,
    });
    for (const from of ['x2026-01-01', '2026-01-01x', '2026-01-32', 'null']) {
      expect(parseRoute(`#/runs?from=${from}`)).toMatchObject({ filter: NO_FILTER });
    }
    expect(parseRoute('#/runs?from=2026-01-31')).toMatchObject({ filter: { from: '2026-01-31' } });
    expect(parseRoute('#/?range=90d')).toEqual({ view: 'overview', range: '90d' });
    expect(parseRoute('#/runs/a#b')).toMatchObject({ view: 'run', id: 'a#b' });
    expect(parseRoute('#/nowhere/x')).toEqual({ view: 'unknown', path: '/nowhere/x' });
    expect(parseRoute('#/sessions/')).toEqual({ view: 'unknown', path: '/sessions/' });
    expect(parseRoute('#/runs/%E0%A4%A')).toMatchObject({ view: 'run', id: '%E0%A4%A' });
  });
});

describe('routeHash()', () => {
  it('writes short addresses', () => {
    expect(routeHash({ view: 'overview', range: '7d' })).toBe('#/');
    expect(routeHash({ view: 'overview', range: '90d' })).toBe('#/?range=90d');
    expect(runsHash()).toBe('#/runs');
    expect(runsHash({ status: ['failed'] })).toBe('#/runs?status=failed');
    expect(runHash('run_1')).toBe('#/runs/run_1');
    expect(runHash('a/b?c#d', 'step-3')).toBe('#/runs/a%2Fb%3Fc%23d?select=step-3');
    expect(sessionHash('session 1')).toBe('#/sessions/session%201');
    expect(routeHash({ view: 'unknown', path: '/x' })).toBe('#/x');
  });
});

describe('encodePart()', () => {
  it('takes half a character', () => {
    expect(encodePart('a\ud800')).toBe('a%EF%BF%BD');
  });
});

describe('runsQuery()', () => {
  it('names every filter as the route does', () => {
    const everything: RunFilter = {
      status: ['failed', 'timeout'],
      sessionId: 's',
      provider: 'openai',
      awaiting: 'answer',
      rootsOnly: true,
      from: '2026-11-01',
      to: '2026-11-02',
      metadata: [{ name: 'tenant', value: 'acme' }],
    };
    expect(runsQuery(everything)).toEqual([
      ['status', 'failed'],
      ['status', 'timeout'],
      ['session_id', 's'],
      ['provider', 'openai'],
      ['awaiting', 'answer'],
      ['roots_only', 'true'],
      ['started_from', new Date(2026, 10, 1).toISOString()],
      ['started_before', new Date(2026, 10, 3).toISOString()],
      ['metadata.tenant', 'acme'],
    ]);
    expect(isUnfiltered(everything)).toBe(false);
  });

  it('is empty without a filter', () => {
    expect(runsQuery(NO_FILTER)).toEqual([]);
    expect(isUnfiltered(NO_FILTER)).toBe(true);
  });
});
