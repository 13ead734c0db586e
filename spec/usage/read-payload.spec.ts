import type { ReadOptions } from '../../lib/usage/read-usage';
import { readPayload } from '../../lib/usage/read-payload';
import type { Readings } from '../../lib/usage/reading';
import { NOTHING } from '../../lib/usage/reading';
import { refusal } from './subjects';

const OPTIONS: ReadOptions = { format: null, provider: null, model: null, defaultModel: null };
const usage = { input_tokens: 5, output_tokens: 1 };

function read(payload: unknown, options: Partial<ReadOptions> = {}): Readings {
  return readPayload(payload, { ...OPTIONS, ...options });
}

function issuesOf(payload: unknown, options: Partial<ReadOptions> = {}): string[] {
  const error = refusal(() => read(payload, options));
  expect(error.code).toBe('validation_error');
  return (error.details['issues'] as { path: string }[]).map(({ path }) => path);
}

describe('readPayload()', () => {
  it.each(['assistant', 'user', 'result', 'stream_event', 'system'])(
    'tells the session of a line %s',
    (type) => {
      expect(read({ type, session_id: 's', message: { usage } }).key).toBe('s');
      expect(read({ type, sessionId: 's', message: { usage } }).key).toBe('s');
      expect(read({ type, message: { usage } }).key).toBeNull();
    },
  );

  it.each<[string, object, string | null]>([
    ['another type', { type: 'message', session_id: 's', usage }, null],
    ['no type', { session_id: 's', usage }, null],
    [
      'a thread',
      { method: 'thread/tokenUsage/updated', params: { threadId: 't', tokenUsage: { total: usage } } },
      't',
    ],
    ['parameters without a thread', { method: 'x', params: { tokenUsage: { total: usage } } }, null],
  ])('tells what a payload belongs to: %s', (_name, payload, key) => {
    expect(read(payload).key).toBe(key);
  });

  it.each<[string, object, object | null]>([
    ['a start', { type: 'message_start', message: { usage } }, { kind: 'start', agent: '', isLast: false }],
    ['a growth', { type: 'message_delta', usage }, { kind: 'delta', agent: '', isLast: false }],
    [
      'the last growth',
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage },
      { kind: 'delta', agent: '', isLast: true },
    ],
    [
      'a growth that does not know why it ends',
      { type: 'message_delta', delta: { stop_reason: null }, usage },
      { kind: 'delta', agent: '', isLast: false },
    ],
    ['an end', { type: 'message_stop', usage }, { kind: 'delta', agent: '', isLast: true }],
    [
      'a start inside a line',
      { type: 'stream_event', event: { type: 'message_start', message: { usage } }, parent_tool_use_id: 't' },
      { kind: 'start', agent: 't', isLast: false },
    ],
    ['a message', { type: 'message', usage }, null],
    ['no type', { usage }, null],
  ])('tells the part of a stream: %s', (_name, payload, streamed) => {
    expect(read(payload).streamed).toEqual(streamed);
  });

  it.each<[string, object]>([
    ['a message that no model wrote', { type: 'assistant', message: { model: '<synthetic>', usage } }],
    ['a piece that still grows', { generation: 'a', prompt_token_count: 5, stop_reason: null }],
    ['usage that is null', { text: 'x', usage: null }],
    ['an event', { type: 'ping' }],
  ])('is nothing for %s', (_name, payload) => {
    expect(read(payload)).toBe(NOTHING);
  });

  it.each<[string, object, Partial<ReadOptions>, string | null]>([
    ['an empty usage beside something', { model: 'm', usage: {} }, {}, 'm'],
    ['a whole response', { object: 'response', model: 'm' }, {}, 'm'],
    [
      'a whole response whose usage is null, in a format',
      { object: 'response', usage: null },
      { format: 'openai-chat', defaultModel: 'd' },
      'd',
    ],
  ])('is one request without counts for %s', (_name, payload, options, model) => {
    expect(read(payload, options).list).toEqual([{ model, counts: {}, costUsd: null, tier: null, id: null }]);
  });

  it.each<[string, unknown, Partial<ReadOptions>, RegExp]>([
    ['nothing', undefined, {}, /is missing: this response carries no usage/],
    ['an empty usage alone', { usage: {} }, {}, /is no usage that is known/],
    ['counts of nobody', { usage: { a: 0 } }, { format: 'gemini' }, /has no usage of the format gemini/],
    ['null, in a format', { usage: null }, { format: 'gemini' }, /has no usage of the format gemini/],
  ])('refuses %s', (_name, payload, options, message) => {
    expect(refusal(() => read(payload, options)).message).toMatch(message);
  });
});

describe('readPayload() by a function', () => {
  it.each<[string | null, string | undefined, string | null, string | null]>([
    ['given', 'told', 'default', 'given'],
    [null, 'told', 'default', 'told'],
    [null, undefined, 'default', 'default'],
    [null, undefined, null, null],
  ])(
    'takes the model of record %p, of the report %p, of the meter %p',
    (model, told, defaultModel, named) => {
      const format = (): object => ({ input_tokens: 1, model: told });
      expect(read({}, { format, model, defaultModel }).list).toMatchObject([{ model: named }]);
    },
  );

  it('has what the report says, and the total', () => {
    const format = (): object => ({ input_tokens: 3, output_tokens: 4, costUsd: 0.5, tier: 'flex' });
    const { list, byModel } = read('anything', { format });
    expect(list).toEqual([
      {
        model: null,
        counts: { input_tokens: 3, output_tokens: 4, total_tokens: 7 },
        costUsd: 0.5,
        tier: 'flex',
        id: null,
      },
    ]);
    expect(byModel).toBe(false);
  });

  it('takes several for the models of a snapshot', () => {
    const format = (): object[] => [{ input_tokens: 1 }, { output_tokens: 0 }];
    const { list, byModel } = read(null, { format });
    expect([list.length, byModel]).toEqual([2, true]);
    expect(read(null, { format: () => [{ input_tokens: 1 }] }).byModel).toBe(false);
  });

  it('names every count and cost that is none', () => {
    const format = (): object[] => [
      { input_tokens: -1, costUsd: NaN },
      { output_tokens: -1, requests: 1 },
    ];
    expect(issuesOf({}, { format })).toEqual(['input_tokens', 'costUsd', 'output_tokens']);
    expect(issuesOf({}, { format: () => ({ input_tokens: -1 }) })).toEqual(['input_tokens']);
  });

  it('refuses a report without counters', () => {
    const messageOf = (report: unknown): string =>
      refusal(() => read({}, { format: () => report as object })).message;
    expect(messageOf(null)).toContain('it gave no counters');
    expect(messageOf([5])).toContain('it gave no counters');
    expect(messageOf({ tokens: 5 })).toContain('it gave none of input_tokens, output_tokens');
  });
});
