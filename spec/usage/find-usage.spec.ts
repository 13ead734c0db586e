import type { ReadOptions } from '../../lib/usage/read-usage';
import { readPayload } from '../../lib/usage/read-payload';
import type { Readings } from '../../lib/usage/reading';
import { NOTHING } from '../../lib/usage/reading';
import { chat, refusal } from './subjects';

const OPTIONS: ReadOptions = { format: null, provider: null, model: null, defaultModel: null };

function read(payload: unknown): Readings {
  return readPayload(payload, OPTIONS);
}

function issuesOf(payload: unknown): string[] {
  const error = refusal(() => read(payload));
  expect(error.code).toBe('validation_error');
  return (error.details['issues'] as { path: string }[]).map(({ path }) => path);
}

function wrapped(payload: object, times: number): object {
  return times === 0 ? payload : { data: wrapped(payload, times - 1) };
}

describe('findUsage()', () => {
  it('looks four objects deep, and no deeper', () => {
    expect(read(wrapped({ usage: chat(5, 1) }, 4)).list).toMatchObject([{ counts: { input_tokens: 5 } }]);
    expect(refusal(() => read(wrapped({ usage: chat(5, 1) }, 5))).message).toContain(
      'no usage that is known',
    );
  });

  it('looks into each member that may hold a payload, until one has usage', () => {
    const payload = { message: {}, response: { usage: chat(5, 1) }, data: { usage: chat(9, 1) } };
    expect(read(payload).list).toMatchObject([{ counts: { input_tokens: 5 } }]);
  });

  it.each<[string, object]>([
    ['a choice', { model: 'm', choices: [{ usage: chat(5, 1) }] }],
    ['a thread', { model: 'm', tokenUsage: { total: { inputTokens: 5, outputTokens: 1 } } }],
    ['a message', { model: 'm', message: { usage: chat(5, 1) } }],
  ])('has the model from around %s', (_name, payload) => {
    expect(read(payload).list).toMatchObject([{ model: 'm', counts: { input_tokens: 5 } }]);
  });

  it('takes a total for usage in a thread only', () => {
    expect(read({ tokenUsage: { total: null } })).toBe(NOTHING);
    expect(refusal(() => read({ message: { total: { inputTokens: 5, outputTokens: 1 } } }))).toMatchObject({
      code: 'validation_error',
    });
  });

  it.each<[object, string[]]>([
    [{ usage: { fresh: 5, plain: 0, text: 'a' } }, ['usage.fresh']],
    [{ usage: { fresh: 5, more: { deep: 1 } } }, ['usage.fresh', 'usage.more']],
    [{ data: { usage: { fresh: 5 } } }, ['data.usage.fresh']],
    [{ data: { data: { usage: { fresh: 5 } } } }, ['data.data.usage.fresh']],
    [{ choices: [{ usage: { fresh: 5 } }] }, ['choices[0].usage.fresh']],
    [{ data: { choices: [{ usage: { fresh: 5 } }] } }, ['data.choices[0].usage.fresh']],
    [{ text: 'x', usage: { type: 'tokens', seconds: 5 } }, ['usage.seconds']],
    [{ text: 'x', usage: { type: 'duration' } }, ['payload']],
    [{ text: 'x', usage: { type: 'duration', seconds: '5' } }, ['payload']],
    [{ text: 'x', usage: { fresh: 0 } }, ['payload']],
    [{ text: 'x', usage: { fresh: undefined, plain: 0 } }, ['payload']],
  ])('refuses %j at %j', (payload, paths) => {
    expect(issuesOf(payload)).toEqual(paths);
  });

  it.each<[string, object]>([
    ['nothing', {}],
    ['nothing that is defined', { fresh: undefined }],
    ['a duration', { type: 'duration', seconds: 5 }],
  ])('takes a usage of %s for a request without counts', (_name, usage) => {
    expect(read({ text: 'x', usage }).list).toMatchObject([{ counts: {} }]);
  });
});
