import type { ValidationIssue } from '../../lib/record/error';
import type { PayloadFormat } from '../../lib/usage/format';
import { Format, holdsCount, isCountWord } from '../../lib/usage/format';
import type { Sighting } from '../../lib/usage/sighting';

const COUNTS: PayloadFormat['counts'] = {
  input_tokens: ['input', 'also.input', '? parts.one + parts.two'],
  cache_read_tokens: ['details.cached'],
  output_audio_tokens: ['^around.audio'],
  requests: ['calls'],
};

function formatOf(definition: Partial<PayloadFormat> = {}): Format {
  return new Format('house', { counts: COUNTS, ...definition });
}

function sighted(usage: object, path = '', ...around: readonly object[]): Sighting {
  return { usage, key: '', path, around };
}

function read(usage: object, path = '', ...around: readonly object[]): [object, string[]] {
  const issues: ValidationIssue[] = [];
  const counts = formatOf().read(usage, sighted(usage, path, ...around), issues);
  return [counts, issues.map((issue) => issue.path)];
}

describe('Format', () => {
  it('knows the keys of its counts, those of requests and around the usage apart', () => {
    const format = formatOf({ parts: ['extra.x'] });
    expect([...format.countKeys]).toEqual(['input']);
    expect([...format.detailKeys]).toEqual(['also', 'parts', 'details']);
    expect([...format.knownKeys]).toEqual(['input', 'also', 'parts', 'details', 'calls', 'extra']);
  });

  describe('.read()', () => {
    it.each<[object, object]>([
      [{ input: 5 }, { input_tokens: 5 }],
      [{ input: 0 }, { input_tokens: 0 }],
      [{}, {}],
      [{ input: 5, also: { input: 5 } }, { input_tokens: 5 }],
      [{ input: 0, also: { input: 5 } }, { input_tokens: 5 }],
      [{ input: 5, also: { input: 0 } }, { input_tokens: 5 }],
      [{ parts: { one: 2, two: 3 } }, { input_tokens: 5 }],
      [{ input: 0, parts: { one: 2 } }, { input_tokens: 2 }],
      [{ input: 5, parts: { one: 2 } }, { input_tokens: 5 }],
      [{ input: 1, parts: { one: 2 } }, { input_tokens: 1 }],
      [
        { details: { cached: 3 }, calls: 2 },
        { cache_read_tokens: 3, requests: 2 },
      ],
    ])('reads %j', (usage, counts) => {
      expect(read(usage)).toEqual([counts, []]);
    });

    it('names the place that says other than one before', () => {
      expect(read({ input: 5, also: { input: 6 } })).toEqual([{ input_tokens: 6 }, ['also.input']]);
      expect(read({ input: 6, also: { input: 5 } }, 'usage')).toEqual([
        { input_tokens: 6 },
        ['usage.also.input'],
      ]);
    });

    it('looks around the usage in the innermost object, in the usage where there is none', () => {
      const [outer, inner] = [{ around: { audio: 1 } }, { around: { audio: 2 } }];
      expect(read({}, '', outer, inner)).toEqual([{ output_audio_tokens: 2 }, []]);
      expect(read(inner)).toEqual([{ output_audio_tokens: 2 }, []]);
    });
  });

  describe('.mayClaim()', () => {
    it.each<[object, boolean]>([
      [{ mark: 1 }, true],
      [{ mark: 0 }, true],
      [{ mark: null }, true],
      [{ mark: {} }, true],
      [{ mark: 'text' }, false],
      [{ mark: undefined }, false],
      [{}, false],
      [{ deep: { mark: 1 } }, true],
      [{ deep: {} }, false],
      [{ deep: 5 }, false],
    ])('of a format with marks, of %j is %p', (usage, expected) => {
      expect(formatOf({ marks: ['mark', 'deep.mark'] }).mayClaim(sighted(usage))).toBe(expected);
    });

    it('is true without marks, and where what is around says so', () => {
      const isOf = ({ path }: Sighting): boolean => path === 'mine';
      expect(formatOf().mayClaim(sighted({}))).toBe(true);
      expect(formatOf({ marks: ['mark'], isOf }).mayClaim(sighted({}, 'mine'))).toBe(true);
      expect(formatOf({ marks: ['mark'], isOf }).mayClaim(sighted({}, 'yours'))).toBe(false);
      expect(formatOf({ marks: ['mark'], isOf }).mayClaim(sighted({ mark: 1 }, 'yours'))).toBe(true);
    });
  });

  describe('.readsWholes()', () => {
    it('is true where an input or an output is found', () => {
      const format = new Format('house', {
        counts: { input_tokens: ['i'], output_tokens: ['o'], cache_read_tokens: ['c'] },
      });
      expect([{ i: 0 }, { o: 1 }, { i: 1, o: 1 }].map((usage) => format.readsWholes(sighted(usage)))).toEqual(
        [true, true, true],
      );
      expect(format.readsWholes(sighted({ c: 1 }))).toBe(false);
      expect(format.readsWholes(sighted({}))).toBe(false);
    });
  });

  describe('.hasDetailsIn()', () => {
    it('is true where a member is an object', () => {
      expect(formatOf().hasDetailsIn({ a: 1, b: {} })).toBe(true);
      expect(formatOf().hasDetailsIn({ a: 1, b: null })).toBe(false);
    });
  });

  describe('.untaken()', () => {
    it.each<[object, string[]]>([
      [{ input: 5, calls: 1 }, []],
      [{ other_tokens: 5 }, ['other_tokens']],
      [{ other_tokens: 0 }, []],
      [{ other_tokens: 'many' }, []],
      [{ other: 5 }, []],
      [{ other: { tokens: 5 } }, ['other']],
      [{ other: { tokens: 0 } }, []],
      [{ other: { n: 5 } }, []],
      [{ max_tokens: 5 }, []],
      [{ totalInputTokens: 5, total_input_tokens: 5 }, []],
      [{ details: { cached: 5 } }, []],
      [{ details: { cached: 5, audio: 3 } }, ['details.audio']],
      [{ details: { audio: 0 } }, []],
      [{ details: { plain: 3 } }, []],
      [{ details: { cache_cost: 3 } }, []],
      [{ details: { deeper: { reasoning: 3, plain: 1 } } }, ['details.deeper.reasoning']],
      [{ details: { cached: { audio: 3 } } }, []],
      [{ details: [{ cached: 1 }, { image: 2 }] }, ['details.1.image']],
      [{ details: 5 }, []],
      [{ details: 'cached' }, []],
      [{ extra: { x: { audio: 5 }, cached: 5 } }, ['extra.cached']],
      [{ all: { audio: 5 } }, []],
    ])('of %j is %j', (usage, paths) => {
      expect(formatOf({ parts: ['extra.x', 'all'] }).untaken(usage)).toEqual(paths);
    });

    it('is nothing below a part, also where some of it is counted', () => {
      expect(formatOf({ parts: ['details'] }).untaken({ details: { audio: 3 } })).toEqual([]);
      expect(formatOf({ parts: ['details.cached'] }).untaken({ details: { audio: 3 } })).toEqual([
        'details.audio',
      ]);
    });
  });
});

describe('holdsCount()', () => {
  it.each<[unknown, boolean]>([
    [1, true],
    [-1, true],
    [0, false],
    ['1', false],
    [true, false],
    [null, false],
    [undefined, false],
    [{}, false],
    [{ a: 0, b: { c: 1 } }, true],
    [{ a: 0, b: { c: 0 } }, false],
    [[0, 1], true],
  ])('of %j is %p', (value, expected) => {
    expect(holdsCount(value)).toBe(expected);
  });
});

describe('isCountWord()', () => {
  it.each<[string, unknown, boolean]>([
    ['tokens', null, true],
    ['promptTokens', 5, true],
    ['cached', 5, true],
    ['reasoning', 5, true],
    ['thoughts', 5, true],
    ['other', 5, false],
    ['other', null, false],
    ['max_tokens', 5, false],
    ['token_limit', 5, false],
    ['tokens_cost', 5, false],
    ['tokensPerSec', 5, false],
    ['tokens_per_sec', 5, false],
    ['other', { tokens: 5 }, true],
    ['other', { tokens: 0 }, false],
    ['other', { n: 5 }, false],
    ['other', { n: 5, tokens: 5 }, true],
    ['other', { max_tokens: 5 }, false],
    ['other', { deeper: { tokens: 5 } }, true],
    ['cost', { tokens: 5 }, false],
  ])('of %p with %j is %p', (key, value, expected) => {
    expect(isCountWord(key, value)).toBe(expected);
  });
});
