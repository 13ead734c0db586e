import { tellSafely } from '../../lib/store/tell';

describe('tellSafely()', () => {
  let thrown: unknown[];

  beforeEach(() => {
    thrown = [];
    jest.spyOn(process, 'nextTick').mockImplementation(((callback: () => void) => {
      try {
        callback();
      } catch (error) {
        thrown.push(error);
      }
    }) as typeof process.nextTick);
  });

  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('hands the event over', () => {
    const told: unknown[] = [];
    tellSafely((event) => told.push(event), { a: 1 });
    expect(told).toEqual([{ a: 1 }]);
    expect(thrown).toEqual([]);
  });

  it('tells nobody where nobody listens', () => {
    tellSafely(undefined, {});
    expect(thrown).toEqual([]);
  });

  it('lets what the callback throws surface as an uncaught exception, later', () => {
    const failure = new Error('broken');
    tellSafely(() => {
      throw failure;
    }, {});
    expect(thrown).toEqual([failure]);
  });
});
