import { takeTraceContext } from '../../lib/record/trace-context';
import { issuesOf } from '../support/refusal-of';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const SPAN_ID = 'b7ad6b7169203331';
const TRACEPARENT = `00-${TRACE_ID}-${SPAN_ID}-01`;

const list = (length: number): string => Array.from({ length }, (_, index) => `k${index}=v`).join(',');

describe('takeTraceContext()', () => {
  it('copies what it takes', () => {
    const given = { traceparent: TRACEPARENT, tracestate: 'a=1' };
    const taken = takeTraceContext(given);

    expect(taken).toEqual(given);
    expect(taken).not.toBe(given);
  });

  it.each<[title: string, traceparent: string]>([
    ['of version 00', TRACEPARENT],
    ['with other flags', `00-${TRACE_ID}-${SPAN_ID}-fe`],
    ['of ids of few digits', `00-${'1'.padStart(32, '0')}-${'1'.padEnd(16, '0')}-00`],
    ['of a later version', `01-${TRACE_ID}-${SPAN_ID}-01`],
    ['of a later version, with more', `cc-${TRACE_ID}-${SPAN_ID}-01-what the future will be like.`],
    ['of a later version, with more that is empty', `fe-${TRACE_ID}-${SPAN_ID}-01-`],
  ])('takes a traceparent %s', (_title, traceparent) => {
    expect(takeTraceContext({ traceparent })).toEqual({ traceparent });
  });

  it.each<[title: string, traceparent: unknown]>([
    ['missing', undefined],
    ['null', null],
    ['no text', [TRACEPARENT]],
    ['empty', ''],
    ['of the version ff', `ff-${TRACE_ID}-${SPAN_ID}-01`],
    ['of version 00 with more', `${TRACEPARENT}-more`],
    ['of version 00 with more that is empty', `${TRACEPARENT}-`],
    ['of a later version with more behind no dash', `01-${TRACE_ID}-${SPAN_ID}-01more`],
    ['of a later version with more that is no ASCII', `01-${TRACE_ID}-${SPAN_ID}-01-\u00e9`],
    ['with a line break behind it', `${TRACEPARENT}\n`],
    ['with a word before it', `x${TRACEPARENT}`],
    ['of a trace id of zeros', `00-${'0'.repeat(32)}-${SPAN_ID}-01`],
    ['of a parent id of zeros', `00-${TRACE_ID}-${'0'.repeat(16)}-01`],
    ['in capitals', TRACEPARENT.toUpperCase()],
    ['with a version of one digit', TRACEPARENT.slice(1)],
    ['with a digit too few in the trace id', `00-${TRACE_ID.slice(1)}-${SPAN_ID}-01`],
    ['with a digit too many in the parent id', `00-${TRACE_ID}-${SPAN_ID}0-01`],
    ['without flags', `00-${TRACE_ID}-${SPAN_ID}`],
    ['with flags of one digit', TRACEPARENT.slice(0, -1)],
  ])('refuses a traceparent that is %s', (_title, traceparent) => {
    expect(issuesOf(() => takeTraceContext({ traceparent }))).toEqual([
      'traceContext.traceparent: must be what W3C Trace Context calls a traceparent',
    ]);
  });

  it.each<[title: string, tracestate: string]>([
    ['of one pair', 'congo=t61rcWkgMzE'],
    ['of a key with every character that there is', 'a_0-*/z=1'],
    ['of a tenant, which may begin with a digit', '0t_-*/@s_-*/=1'],
    ['of the longest keys', `${'k'.repeat(256)}=1,${'t'.repeat(241)}@${'s'.repeat(14)}=2`],
    ['of the longest value', `a=${'v'.repeat(256)}`],
    ['of a value with spaces and any sign but two', 'a= !"#+-./:;<>?@[]^`{|}~'],
    ['of 32 pairs', list(32)],
    ['of pairs with room around them', '\t a=1 \t,\t b=2 \t'],
    ['of empty members, which do not count', `,${list(32)},, ,`],
    ['of nothing', ''],
  ])('takes a tracestate %s', (_title, tracestate) => {
    expect(takeTraceContext({ traceparent: TRACEPARENT, tracestate })).toEqual({
      traceparent: TRACEPARENT,
      tracestate,
    });
  });

  it.each<[title: string, tracestate: unknown]>([
    ['null', null],
    ['no text', ['a=1']],
    ['of 33 pairs', list(33)],
    ['a word', 'a'],
    ['a word behind a pair', 'a=1,b'],
    ['without a key', '=1'],
    ['without a value', 'a='],
    ['of a key in capitals', 'A=1'],
    ['of a key that begins with a digit', '0=1'],
    ['of a key with a space', 'a b=1'],
    ['of a key with room before the sign', 'a =1'],
    ['of a key that is too long', `${'k'.repeat(257)}=1`],
    ['of a tenant that is too long', `${'t'.repeat(242)}@s=1`],
    ['of a system that is too long', `t@${'s'.repeat(15)}=1`],
    ['of a system that begins with a digit', 't@0=1'],
    ['of a tenant that begins with a sign', '_t@s=1'],
    ['of a tenant without a system', 't@=1'],
    ['of a value that is too long', `a=${'v'.repeat(257)}`],
    ['of a value with =', 'a=b=c'],
    ['of a value with a tab', 'a=b\tc'],
    ['of a value beyond ASCII', 'a=\u007f'],
    ['of a line', 'a=1\n'],
  ])('refuses a tracestate that is %s', (_title, tracestate) => {
    expect(issuesOf(() => takeTraceContext({ traceparent: TRACEPARENT, tracestate }))).toEqual([
      'traceContext.tracestate: must be what W3C Trace Context calls a tracestate',
    ]);
  });

  it('refuses what is no object, and members that are not known', () => {
    expect(issuesOf(() => takeTraceContext([TRACEPARENT]))).toEqual(['traceContext: must be a JSON object']);
    expect(issuesOf(() => takeTraceContext({ traceparent: TRACEPARENT, traceState: 'a=1' }))).toEqual([
      'traceContext.traceState: is not known (known: traceparent, tracestate)',
    ]);
  });
});
