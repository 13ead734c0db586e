import { csvLine } from '../../lib/cli/csv';
import { dollars, duration, moment, usageInWords } from '../../lib/cli/format';
import { readLength, readMoment } from '../../lib/cli/period';
import { columnsOf, cutText, plainJson, plainText } from '../../lib/cli/plain-text';
import type { Column } from '../../lib/cli/table';
import { tableLines } from '../../lib/cli/table';

describe('duration()', () => {
  it.each([
    [0, '0.00 s'],
    [-5, '0.00 s'],
    [420, '0.42 s'],
    [12_340, '12.3 s'],
    [125_000, '2 m 05 s'],
    [11_520_000, '3 h 12 m'],
    [190_000_000, '2 d 4 h'],
  ])('says %d ms as %s', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });
});

describe('dollars()', () => {
  it.each([
    [null, '?'],
    [0, '$0'],
    [0.00125, '$0.001250'],
    [0.0342, '$0.0342'],
    [12.345, '$12.35'],
    [1234.5, '$1,234.50'],
  ])('says %p as %s', (usd, text) => {
    expect(dollars(usd)).toBe(text);
  });
});

describe('usageInWords()', () => {
  it('names what was reported and nothing else', () => {
    expect(usageInWords({ input_tokens: 1200, output_tokens: 34, cache_read_tokens: 1000 })).toBe(
      '1,200 in (1,000 cached), 34 out',
    );
    expect(usageInWords({ output_tokens: 0 }, '+')).toBe('+0 out');
    expect(usageInWords({ unpriced_requests: 1 })).toBe('unpriced_requests');
  });
});

describe('readMoment()', () => {
  const now = new Date('2026-03-10T12:00:00Z');

  it.each([
    ['7d', '2026-03-03T12:00:00.000Z'],
    ['12h', '2026-03-10T00:00:00.000Z'],
    ['today', '2026-03-10T00:00:00.000Z'],
    ['yesterday', '2026-03-09T00:00:00.000Z'],
    ['now', '2026-03-10T12:00:00.000Z'],
    ['2026-01-31', '2026-01-31T00:00:00.000Z'],
    ['2026-01-31 09:30', '2026-01-31T09:30:00.000Z'],
    ['2026-01-31T09:30:15', '2026-01-31T09:30:15.000Z'],
    ['2026-01-31T09:00:00+02:00', '2026-01-31T07:00:00.000Z'],
  ])('reads %s in UTC', (text, moments) => {
    expect(readMoment(text, '--since', { now, isUtc: true }).toISOString()).toBe(moments);
  });

  it.each(['', 'soon', '2026-02-30', '2026-13-01', '2026-01-31 25:00', '-1d', '1y', '2026'])(
    'refuses %p',
    (text) => {
      expect(() => readMoment(text, '--since', { now, isUtc: false })).toThrow(/^--since must be like/);
      expect(() => readMoment(text, '--since', { now, isUtc: true })).toThrow(/^--since must be like/);
    },
  );
});

describe('readLength()', () => {
  it('reads units and refuses others', () => {
    expect(readLength('90d', '--x')).toBe(90 * 86_400_000);
    expect(readLength('2w', '--x')).toBe(14 * 86_400_000);
    expect(() => readLength('90', '--x')).toThrow('--x must be a length of time');
  });
});

describe('plainText()', () => {
  it('leaves nothing that a terminal acts on', () => {
    expect(plainText('a\u001b[31mb\u009b0m\u0007\u202e\ud800')).toBe(
      'a\\u001b[31mb\\u009b0m\\u0007\\u202e\\ud800',
    );
    expect(plainText('two\nlines\tand 世界')).toBe('two⏎lines and 世界');
  });
});

describe('plainJson()', () => {
  it('is the same JSON, without what a terminal acts on', () => {
    const value = { text: '\u009b31m\u202e\u007f"' };
    expect(plainJson(value)).toBe('{"text":"\\u009b31m\\u202e\\u007f\\""}');
    expect(JSON.parse(plainJson(value))).toEqual(value);
  });
});

describe('cutText()', () => {
  it('counts columns, not letters', () => {
    expect(columnsOf('世界e\u0301')).toBe(5);
    expect(cutText('世界世界', 5)).toBe('世界…');
    expect(cutText('short', 5)).toBe('short');
  });
});

describe('csvLine()', () => {
  it('quotes as RFC 4180 says', () => {
    expect(csvLine(['a', 'b,c', 'd"e', 'f\ng', 1, null, undefined, true])).toBe(
      'a,"b,c","d""e","f\ng",1,,,true',
    );
  });

  it.each(['=1+1', '+1', '-1', '@x', '\t=1', '\r=1'])('keeps a spreadsheet from running %p', (text) => {
    expect(csvLine([text]).replace(/^"/, '').startsWith("'")).toBe(true);
  });

  it('leaves numbers as they are', () => {
    expect(csvLine([-1.5, 0])).toBe('-1.5,0');
  });
});

describe('moment()', () => {
  it('is in UTC on request', () => {
    expect(moment(new Date('2026-01-31T09:05:07.999Z'), true)).toBe('2026-01-31 09:05:07Z');
  });
});

describe('tableLines()', () => {
  interface Row {
    readonly id: string;
    readonly text: string;
    readonly count: string;
  }

  const columns: readonly Column<Row>[] = [
    { title: 'ID', rank: 0, cell: ({ id }) => id },
    { title: 'COUNT', rank: 1, isNumber: true, cell: ({ count }) => count },
    { title: 'TEXT', rank: 2, canShrink: true, cell: ({ text }) => text },
  ];
  const rows: readonly Row[] = [
    { id: 'one', text: 'a text that is long', count: '1' },
    { id: 'two', text: 'short', count: '1,000' },
  ];
  const lines = (width: number): string[] =>
    tableLines(columns, rows, { width, styled: (_style, text) => text });

  it('is as wide as it needs where there is room', () => {
    expect(lines(100)).toEqual(['ID   COUNT  TEXT', 'one      1  a text that is long', 'two  1,000  short']);
  });

  it('cuts texts, then leaves columns out, and never an id', () => {
    expect(lines(24)).toEqual(['ID   COUNT  TEXT', 'one      1  a text that…', 'two  1,000  short']);
    expect(lines(12)).toEqual(['ID   COUNT', 'one      1', 'two  1,000']);
    expect(lines(2)).toEqual(['ID', 'one', 'two']);
  });
});
