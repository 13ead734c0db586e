import { coarseNow, exactNow } from '../../lib/steps/coarse-clock';

let now: jest.SpyInstance<number, []>;

beforeEach(async () => {
  // What an earlier test has read holds until the end of its tick.
  await Promise.resolve();
  now = jest.spyOn(Date, 'now');
});
afterEach(() => now.mockRestore());

describe('coarseNow()', () => {
  it('reads the clock once a tick', () => {
    now.mockReturnValueOnce(100).mockReturnValueOnce(150);

    expect([coarseNow().ms, coarseNow().ms, coarseNow().ms]).toEqual([100, 100, 100]);
    expect(now).toHaveBeenCalledTimes(1);
  });

  it('reads it anew in the next tick', async () => {
    now.mockReturnValueOnce(100).mockReturnValueOnce(150);
    coarseNow();
    await Promise.resolve();

    expect(coarseNow().ms).toBe(150);
  });

  it('is never behind what was read exactly in its tick', () => {
    now.mockReturnValueOnce(100).mockReturnValueOnce(150);
    coarseNow();

    expect(exactNow().ms).toBe(150);
    expect(coarseNow().ms).toBe(150);
  });
});

describe('exactNow()', () => {
  it('reads the clock each time, and leaves nothing for the next tick', async () => {
    now.mockReturnValueOnce(100).mockReturnValueOnce(150).mockReturnValueOnce(200);

    expect([exactNow().ms, exactNow().ms]).toEqual([100, 150]);
    await Promise.resolve();
    expect(coarseNow().ms).toBe(200);
  });
});
