import type { Attachment } from '../../lib/record/attachment';
import { Followers } from '../../lib/record/followers';

type Follower = Attachment<never>;

/** Followers, and what they write down. */
function followersWith(...makers: ((log: string[]) => Follower)[]): { followers: Followers; log: string[] } {
  const log: string[] = [];
  const followers = new Followers();
  for (const make of makers) followers.add(make(log));
  return { followers, log };
}

const told =
  (name: string) =>
  (log: string[]): Follower => ({ changed: (...[change]) => void log.push(`${name}: ${change}`) });

/** What is thrown on the next ticks while the function runs. */
function thrownLaterBy(act: () => void): unknown[] {
  const thrown: unknown[] = [];
  const nextTick = jest.spyOn(process, 'nextTick').mockImplementation((callback) => {
    try {
      (callback as () => void)();
    } catch (error) {
      thrown.push(error);
    }
  });
  try {
    act();
  } finally {
    nextTick.mockRestore();
  }
  return thrown;
}

const broken = new Error('broken');
const fail = (): never => {
  throw broken;
};

describe('Followers', () => {
  it.each<[what: string, follower: Follower, isTold: boolean, hears: boolean]>([
    ['that says nothing', {}, false, false],
    ['with changed()', { changed: () => undefined }, true, false],
    [
      'with changed() for this change',
      { changed: () => undefined, changes: new Set(['noted']) },
      true,
      false,
    ],
    ['with changed() for others', { changed: () => undefined, changes: new Set(['parked']) }, false, false],
    ['that names the change and has no changed()', { changes: new Set(['noted']) }, false, false],
    ['that hears it', { hears: (name) => name === 'noted' }, false, true],
    ['that hears others', { hears: (name) => name === 'parked' }, false, false],
    [
      'that hears it and is told of others',
      { changed: () => undefined, changes: new Set(['parked']), hears: (name) => name === 'noted' },
      false,
      true,
    ],
  ])('tell and hand on to one %s what it asks for', (_what, members, isTold, hears) => {
    const log: string[] = [];
    const follower: Follower = {
      ...members,
      ...(members.changed === undefined ? {} : { changed: () => void log.push('told') }),
      deliver: () => void log.push('delivered'),
    };
    const followers = new Followers();
    followers.add(follower);

    expect(followers.want('noted')).toBe(isTold || hears);
    expect(followers.hear('noted')).toBe(hears);
    followers.tell('noted', {});
    followers.deliver('noted', {});
    expect(log).toEqual([...(isTold ? ['told'] : []), ...(hears ? ['delivered'] : [])]);
  });

  it('want and hear nothing where there are none', () => {
    const { followers } = followersWith();

    expect([followers.want('noted'), followers.hear('noted')]).toEqual([false, false]);
    expect(followers.all).toEqual([]);
  });

  it('want and hear what any of them does, whoever comes first', () => {
    const deaf: Follower = { changed: () => undefined, changes: new Set(), hears: () => false };
    const { followers } = followersWith(
      () => deaf,
      () => ({ hears: () => true }),
      () => deaf,
    );

    expect([followers.want('noted'), followers.hear('noted')]).toEqual([true, true]);
  });

  it('lose the one that is taken off, and no other', () => {
    const { followers, log } = followersWith(told('first'));
    const takeOff = followers.add(told('second')(log));
    followers.add(told('third')(log));
    takeOff();
    followers.tell('noted', {});

    expect(log).toEqual(['first: noted', 'third: noted']);
    expect(followers.all).toHaveLength(2);
  });

  it('hand each the event as it is', () => {
    const event = {};
    const handed: unknown[] = [];
    const { followers } = followersWith(() => ({
      changed: (...[, each]) => void handed.push(each),
      hears: () => true,
      deliver: (...[, each]) => void handed.push(each),
    }));
    followers.tell('noted', event);
    followers.deliver('noted', event);

    expect(handed.map((each) => each === event)).toEqual([true, true]);
  });

  it('are told of changes that one of them makes after all have been told of the first, in order', () => {
    const next: Readonly<Record<string, readonly string[]>> = { first: ['second', 'third'], third: ['last'] };
    const { followers, log } = followersWith(() => ({
      changed: (...[name]) => {
        for (const each of next[name] ?? []) expect(followers.tell(each, `event of ${each}`)).toBeNull();
      },
    }));
    followers.add(told('other')(log));

    expect(followers.tell('first', {})).toEqual(
      ['second', 'third', 'last'].map((name) => ({ name, event: `event of ${name}` })),
    );
    expect(log).toEqual(['other: first', 'other: second', 'other: third', 'other: last']);
    expect(followers.tell('alone', {})).toEqual([]);
  });

  it('go on after one that throws, which surfaces later', () => {
    const { followers, log } = followersWith(
      () => ({ changed: fail, hears: () => true, deliver: fail, executionOver: fail }),
      (entries) => ({
        ...told('second')(entries),
        hears: () => true,
        deliver: () => void entries.push('second: deliver'),
        executionOver: () => void entries.push('second: over'),
      }),
    );
    const thrown = thrownLaterBy(() => {
      followers.tell('noted', {});
      followers.deliver('noted', {});
      followers.executionOver();
    });

    expect(log).toEqual(['second: noted', 'second: deliver', 'second: over']);
    expect(thrown).toEqual([broken, broken, broken]);
  });

  it('are told of the next change after something got past the last', () => {
    const { followers, log } = followersWith(told('first'), () => ({ changed: fail }));
    const nextTick = jest.spyOn(process, 'nextTick').mockImplementation(() => {
      throw new RangeError('Maximum call stack size exceeded');
    });
    expect(() => followers.tell('first', {})).toThrow(RangeError);
    nextTick.mockRestore();
    thrownLaterBy(() => followers.tell('second', {}));

    expect(log).toEqual(['first: first', 'first: second']);
  });

  it('need neither deliver() to hear, nor executionOver()', () => {
    const { followers } = followersWith(() => ({ hears: () => true }));

    expect(
      thrownLaterBy(() => {
        followers.deliver('noted', {});
        followers.executionOver();
      }),
    ).toEqual([]);
  });

  it('surround an execution, the first outermost; one without surround() is passed over', () => {
    const around =
      (name: string) =>
      (log: string[]): Follower => ({
        surround: (fn) => {
          log.push(`${name} in`);
          const result = fn();
          log.push(`${name} out`);
          return result;
        },
      });
    const { followers, log } = followersWith(() => ({}), around('outer'), told('none'), around('inner'));

    expect(followers.surround(() => log.push('function'))).toBe(3);
    expect(log).toEqual(['outer in', 'inner in', 'function', 'inner out', 'outer out']);
  });

  it('surround an execution with one that is attached while another waits', () => {
    const log: string[] = [];
    const followers = new Followers();
    const late: Follower = {
      surround: (fn) => {
        log.push('late');
        return fn();
      },
    };
    followers.add({
      surround: (fn) => {
        followers.add(late);
        return fn();
      },
    });

    expect(followers.surround(() => 'result')).toBe('result');
    expect(log).toEqual(['late']);
  });

  it('surround a step, given by its index, the first outermost', () => {
    const around =
      (name: string) =>
      (log: string[]): Follower => ({
        surroundStep: (index, fn) => {
          log.push(`${name} ${index}`);
          return fn();
        },
      });
    const { followers, log } = followersWith(around('outer'), () => ({}), around('inner'));

    expect(followers.surroundStep(7, () => log.push('function'))).toBe(3);
    expect(log).toEqual(['outer 7', 'inner 7', 'function']);
    expect(followersWith(() => ({})).followers.surroundStep(1, () => 'result')).toBe('result');
  });
});
