import type { Counts } from '../../lib/usage/counts';
import type { Wholes } from '../../lib/usage/wholes';
import { settleWholes } from '../../lib/usage/wholes';

function settled(counts: Counts, rest: Partial<Wholes> = {}): Counts | null {
  return settleWholes({ counts, cache: 'inside', reasoning: 'inside', wholeInput: undefined, ...rest });
}

describe('settleWholes()', () => {
  it.each<[string, Counts, Partial<Wholes>, Counts | null]>([
    [
      'the cache stays in an input that is as large',
      { input_tokens: 10, cache_read_tokens: 6, cache_write_tokens: 4 },
      {},
      { input_tokens: 10, total_tokens: 10 },
    ],
    [
      'the cache is added to an input that is smaller',
      { input_tokens: 10, cache_read_tokens: 6, cache_write_tokens: 5 },
      {},
      { input_tokens: 21, total_tokens: 21 },
    ],
    [
      'a cache outside is added, however small',
      { input_tokens: 10, cache_read_tokens: 1 },
      { cache: 'outside' },
      { input_tokens: 11, total_tokens: 11 },
    ],
    [
      'a cache outside is added, though the total leaves it out',
      { input_tokens: 10, output_tokens: 2, cache_read_tokens: 3, total_tokens: 12 },
      { cache: 'outside' },
      { input_tokens: 13, output_tokens: 2, total_tokens: 15 },
    ],
    [
      'the total tells that the cache is outside',
      { input_tokens: 10, output_tokens: 2, cache_read_tokens: 3, total_tokens: 15 },
      {},
      { input_tokens: 13, output_tokens: 2, total_tokens: 15 },
    ],
    [
      'the total tells that the cache is outside, where there is no output',
      { input_tokens: 10, cache_read_tokens: 3, total_tokens: 13 },
      { cache: 'unknown' },
      { input_tokens: 13, total_tokens: 13 },
    ],
    [
      'the total tells that the cache is inside',
      { input_tokens: 10, output_tokens: 2, cache_read_tokens: 3, total_tokens: 12 },
      { cache: 'unknown' },
      { input_tokens: 10, output_tokens: 2, total_tokens: 12 },
    ],
    [
      'a total that is neither tells nothing',
      { input_tokens: 10, output_tokens: 2, cache_read_tokens: 3, total_tokens: 14 },
      { cache: 'unknown' },
      null,
    ],
    ['nothing tells', { input_tokens: 10, cache_read_tokens: 3 }, { cache: 'unknown' }, null],
    ['a total of 0 tells nothing', { cache_read_tokens: 3, total_tokens: 0 }, { cache: 'unknown' }, null],
    [
      'no cache is nowhere',
      { input_tokens: 10, cache_read_tokens: 0 },
      { cache: 'unknown' },
      { input_tokens: 10, total_tokens: 10 },
    ],
    [
      'the cache tells by itself, where it is larger than the input',
      { input_tokens: 2, cache_read_tokens: 3 },
      { cache: 'unknown' },
      { input_tokens: 5, total_tokens: 5 },
    ],
    [
      'the whole input is taken as it is',
      { input_tokens: 10, cache_read_tokens: 3 },
      { cache: 'unknown', wholeInput: 12 },
      { input_tokens: 12, total_tokens: 12 },
    ],
    [
      'the whole input is all the input there is',
      { output_tokens: 1, cache_read_tokens: 3 },
      { cache: 'unknown', wholeInput: 12 },
      { input_tokens: 12, output_tokens: 1, total_tokens: 13 },
    ],
    [
      'reasoning stays in an output that is as large',
      { output_tokens: 5, reasoning_tokens: 5 },
      {},
      { output_tokens: 5, total_tokens: 5 },
    ],
    [
      'reasoning is added to an output that is smaller',
      { output_tokens: 5, reasoning_tokens: 6 },
      {},
      { output_tokens: 11, total_tokens: 11 },
    ],
    [
      'reasoning outside is added',
      { output_tokens: 5, reasoning_tokens: 2 },
      { reasoning: 'outside' },
      { output_tokens: 7, total_tokens: 7 },
    ],
    [
      'the total tells that reasoning is inside',
      { input_tokens: 1, output_tokens: 5, reasoning_tokens: 2, total_tokens: 6 },
      { reasoning: 'outside' },
      { input_tokens: 1, output_tokens: 5, total_tokens: 6 },
    ],
    [
      'the total tells that reasoning is outside, where there is no input',
      { output_tokens: 5, reasoning_tokens: 2, total_tokens: 7 },
      {},
      { output_tokens: 7, total_tokens: 7 },
    ],
    [
      'the total tells that both are outside',
      { input_tokens: 10, output_tokens: 5, cache_write_tokens: 4, reasoning_tokens: 2, total_tokens: 21 },
      {},
      { input_tokens: 14, output_tokens: 7, total_tokens: 21 },
    ],
    [
      'a total above its parts stays',
      { input_tokens: 10, output_tokens: 5, total_tokens: 40 },
      {},
      { input_tokens: 10, output_tokens: 5, total_tokens: 40 },
    ],
    [
      'a total below its parts is raised',
      { input_tokens: 10, output_tokens: 5, total_tokens: 3 },
      {},
      { input_tokens: 10, output_tokens: 5, total_tokens: 15 },
    ],
    ['a total alone stays alone', { total_tokens: 3 }, {}, { total_tokens: 3 }],
    ['searches alone give no tokens', { web_searches: 3 }, {}, { web_searches: 3 }],
    [
      'an input that is missing is what was cached',
      { cache_read_tokens: 3, cache_write_tokens: 1, input_audio_tokens: 2, input_image_tokens: 1 },
      {},
      { input_tokens: 4, total_tokens: 4 },
    ],
    [
      'an input that is missing is sound and pictures',
      { cache_read_tokens: 3, input_audio_tokens: 2, input_image_tokens: 2 },
      {},
      { input_tokens: 4, total_tokens: 4 },
    ],
    [
      'an input that is missing is sound',
      { input_audio_tokens: 2 },
      {},
      { input_tokens: 2, total_tokens: 2 },
    ],
    [
      'an input that is missing is pictures',
      { input_image_tokens: 2 },
      {},
      { input_tokens: 2, total_tokens: 2 },
    ],
    [
      'an output that is missing is reasoning',
      { reasoning_tokens: 4, output_audio_tokens: 2, output_image_tokens: 1 },
      {},
      { output_tokens: 4, total_tokens: 4 },
    ],
    [
      'an output that is missing is sound and pictures',
      { reasoning_tokens: 3, output_audio_tokens: 2, output_image_tokens: 2 },
      {},
      { output_tokens: 4, total_tokens: 4 },
    ],
    [
      'an output that is missing is sound',
      { output_audio_tokens: 2 },
      {},
      { output_tokens: 2, total_tokens: 2 },
    ],
    [
      'an output that is missing is pictures',
      { output_image_tokens: 2 },
      {},
      { output_tokens: 2, total_tokens: 2 },
    ],
    ['an input of 0 is given', { input_tokens: 0 }, {}, { input_tokens: 0, total_tokens: 0 }],
    ['an output of 0 is given', { output_tokens: 0 }, {}, { output_tokens: 0, total_tokens: 0 }],
  ])('%s', (_title, counts, rest, expected) => {
    expect(settled(counts, rest)).toEqual(expected === null ? null : { ...counts, ...expected });
  });
});
