import type { OpenMessage } from '../../lib/usage/open-messages';
import { OpenMessages } from '../../lib/usage/open-messages';
import { refusal } from './subjects';

function message(id: string, told: Partial<OpenMessage> = {}): OpenMessage {
  return { id, model: 'claude-opus-4-5', input: 10, hasGrown: false, isOver: false, ...told };
}

/** The messages of one agent. */
function opened(...messages: OpenMessage[]): OpenMessages {
  return new OpenMessages(new Map([['', messages]]));
}

function idsIn(open: OpenMessages, agent = ''): string[] | undefined {
  return open.streams.get(agent)?.map(({ id }) => id);
}

/** The id of the message that an event is of. */
function idOf(open: OpenMessages, input?: number, isLast = false, agent = ''): string | null {
  return open.messageOf({ kind: 'delta', agent, isLast }, input)?.id ?? null;
}

describe('OpenMessages', () => {
  it('does not change the messages that it was made with', () => {
    const messages = [message('a')];
    const open = new OpenMessages(new Map([['', messages]]));
    open.begin('', message('b'));
    open.grow('', message('a'), true);
    expect(messages).toEqual([message('a')]);
  });

  describe('.begin()', () => {
    it('keeps those before it of which no event was counted yet', () => {
      const open = opened(message('a', { hasGrown: true }), message('b'));
      open.begin('', message('c'));
      expect(idsIn(open)).toEqual(['b', 'c']);
    });

    it('takes the place of the same message', () => {
      const open = opened(message('a'), message('b'));
      open.begin('', message('a', { input: 20 }));
      expect(open.streams.get('')).toEqual([message('b'), message('a', { input: 20 })]);
    });

    it('keeps the newest 20', () => {
      const open = new OpenMessages();
      for (let id = 0; id < 21; id++) open.begin('', message(`${id}`));
      expect(idsIn(open)).toHaveLength(20);
      expect(idsIn(open)?.[0]).toBe('1');
    });

    it('keeps the streams of 200 agents, those that were heard of last', () => {
      const open = new OpenMessages();
      for (let agent = 0; agent < 200; agent++) open.begin(`${agent}`, message('a'));
      open.grow('0', message('a'), false);
      expect(open.streams.size).toBe(200);
      open.begin('200', message('a'));
      expect(open.streams.size).toBe(200);
      expect([...open.streams.keys()].slice(0, 2)).toEqual(['2', '3']);
      expect([...open.streams.keys()].slice(-2)).toEqual(['0', '200']);
    });
  });

  describe('.messageOf()', () => {
    it('is none where none has begun', () => {
      expect(idOf(new OpenMessages())).toBeNull();
      expect(idOf(opened(message('a')), 10, true, 'agent')).toBeNull();
    });

    it('is the one with the same input, even where it is over', () => {
      const open = opened(
        message('a', { input: 20, isOver: true }),
        message('b'),
        message('c', { input: 30 }),
      );
      expect(idOf(open, 20)).toBe('a');
      expect(idOf(open, 30)).toBe('c');
    });

    it('is not told by an input of nothing', () => {
      expect(idOf(opened(message('a', { input: 0, isOver: true }), message('b')), 0)).toBe('b');
    });

    it('is the only one that is not over, whatever its input', () => {
      expect(idOf(opened(message('a'), message('b', { isOver: true })))).toBe('a');
      expect(idOf(opened(message('a'), message('b', { isOver: true })), 99)).toBe('a');
    });

    it('is the newest where all are over', () => {
      const over = ['a', 'b', 'c'].map((id) => message(id, { isOver: true }));
      expect(idOf(opened(...over))).toBe('c');
    });

    it('is the newest of those of one model that an end may be of', () => {
      expect(idOf(opened(message('a'), message('b')), 10, true)).toBe('b');
      expect(idOf(opened(message('a'), message('b'), message('c'), message('d')), 10, true)).toBe('d');
      expect(idOf(opened(message('a'), message('b'), message('c', { isOver: true })), undefined, true)).toBe(
        'b',
      );
    });

    it.each<[string, OpenMessage[], boolean]>([
      ['that is no end', [message('a'), message('b')], false],
      ['of one of two models', [message('a', { model: 'claude-haiku-4-5' }), message('b')], true],
      ['of one of two models, the newest of another', [message('a'), message('b', { model: 'other' })], true],
    ])('cannot be told of an event %s', (_name, messages, isLast) => {
      const error = refusal(() => idOf(opened(...messages), 10, isLast));
      expect(error).toMatchObject({ code: 'validation_error' });
      expect(error.message).toContain('name each stream with `key`');
    });
  });

  describe('.grow()', () => {
    it('notes of its message that an event was counted, and of no other', () => {
      const open = opened(message('a'), message('b'));
      open.grow('', message('b'), false);
      expect(open.streams.get('')).toEqual([message('a'), message('b', { hasGrown: true })]);
    });

    it('notes an end, for good', () => {
      const open = opened(message('a'));
      open.grow('', message('a'), true);
      open.grow('', message('a'), false);
      expect(open.streams.get('')).toEqual([message('a', { hasGrown: true, isOver: true })]);
    });
  });
});
