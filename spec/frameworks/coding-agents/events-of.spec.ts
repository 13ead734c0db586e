import { EventSplitter } from '../../../lib/frameworks/coding-agents/events-of';

/** What arrives of the items, each step of the way. */
function arrivals(...items: readonly unknown[]): unknown[] {
  const splitter = new EventSplitter();
  return [...items.flatMap((item) => splitter.take(item)), ...splitter.end()];
}

const event = (line: number, value: object): object => ({ line, event: value });
const problem = (line: number, text: string): object => ({ line, problem: text });

describe('EventSplitter', () => {
  it('gives an event of text as soon as its line is over', () => {
    const splitter = new EventSplitter();
    expect(splitter.take('{"a"')).toEqual([]);
    expect(splitter.take(':1}\n{"b"')).toEqual([event(1, { a: 1 })]);
    expect(splitter.take(':{"c":')).toEqual([]);
    // A whole object, but inside another one.
    expect(splitter.take('{}')).toEqual([]);
    expect(splitter.take('}}')).toEqual([]);
    expect(splitter.end()).toEqual([event(2, { b: { c: {} } })]);
    expect(splitter.end()).toEqual([]);
  });

  it('gives a line of a source of lines at once, and counts what stands before it as a line', () => {
    const splitter = new EventSplitter();
    expect(splitter.take('{"a":1}')).toEqual([event(1, { a: 1 })]);
    expect(splitter.take('  {"b":2}')).toEqual([event(2, { b: 2 })]);
    expect(splitter.take('starting')).toEqual([]);
    expect(splitter.take('{"c":3}')).toEqual([problem(3, 'is not JSON'), event(4, { c: 3 })]);
    expect(splitter.end()).toEqual([]);
  });

  it('knows an object inside another also behind a mark and blanks', () => {
    expect(arrivals('\uFEFF {"a":', '{}', '}')).toEqual([event(1, { a: {} })]);
    expect(arrivals('  {"a":', '{}', '}\n')).toEqual([event(1, { a: {} })]);
  });

  it('takes a mark at the beginning alone', () => {
    expect(arrivals('\uFEFF{"a":1}')).toEqual([event(1, { a: 1 })]);
    expect(arrivals('\uFEFF{"a":1}\n')).toEqual([event(1, { a: 1 })]);
    expect(arrivals(Buffer.from('\uFEFF{"a":1}\n'))).toEqual([event(1, { a: 1 })]);
    expect(arrivals('{"a":1}\uFEFF\n')).toEqual([problem(1, 'is not JSON')]);
  });

  it('counts empty lines, and says nothing of them', () => {
    expect(arrivals('\n \r\n{"a":1}\r\n\n')).toEqual([event(3, { a: 1 })]);
    expect(arrivals('', '{"a":1}', '')).toEqual([event(1, { a: 1 })]);
    expect(arrivals('   ')).toEqual([]);
    expect(arrivals('')).toEqual([]);
    expect(arrivals()).toEqual([]);
  });

  it('splits at a line feed alone', () => {
    expect(arrivals('{"a":"\u2028"}\n{"b":1}\r\n')).toEqual([event(1, { a: '\u2028' }), event(2, { b: 1 })]);
    expect(arrivals('{"a":\r1}\n')).toEqual([event(1, { a: 1 })]);
  });

  it('puts characters together whose bytes come apart, and shows one that has no end', () => {
    const bytes = Buffer.from('{"a":"\u00E9"}\n');
    expect(arrivals(...[...bytes].map((byte) => Uint8Array.of(byte)))).toEqual([event(1, { a: '\u00E9' })]);
    expect(arrivals('{}\n', Uint8Array.of(0xc3))).toEqual([event(1, {}), problem(2, 'is not JSON')]);
  });

  it('counts objects as lines, and takes no other value for an event', () => {
    expect(arrivals({ a: 1 }, [1], 7, null, { b: 2 })).toEqual([
      event(1, { a: 1 }),
      problem(2, 'is no JSON object'),
      problem(3, 'is no JSON object'),
      problem(4, 'is no JSON object'),
      event(5, { b: 2 }),
    ]);
    expect(arrivals('[1]\n7\nnull\n{"a":1}\n')).toEqual([
      problem(1, 'is no JSON object'),
      problem(2, 'is no JSON object'),
      problem(3, 'is no JSON object'),
      event(4, { a: 1 }),
    ]);
  });
});
