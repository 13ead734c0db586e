import { version } from 'uuid';
import { Run } from 'agent-run';
import { createRunId } from '../../lib/record/id';

const START = Date.UTC(2030, 0, 1);

afterEach(() => jest.useRealTimers());

describe('createRunId()', () => {
  it('gives run_ and the 32 hex digits of a UUIDv7 of now', () => {
    jest.useFakeTimers({ now: START });
    const id = createRunId();

    expect(id).toMatch(/^run_[0-9a-f]{32}$/);
    expect(version(uuidOf(id))).toBe(7);
    expect(msOf(id)).toBe(START);
  });

  it('gives 100,000 different ones that ascend', () => {
    const ids = Array.from({ length: 100_000 }, createRunId);

    expect(new Set(ids).size).toBe(100_000);
    expect([...ids].sort()).toEqual(ids);
  });

  it('ascends within one millisecond', () => {
    jest.useFakeTimers({ now: START + 10 });
    const ids = Array.from({ length: 10_000 }, createRunId);

    expect([...ids].sort()).toEqual(ids);
    expect(ids.map(msOf)).toEqual(ids.map(() => START + 10));
  });

  it('ascends when the clock steps back, and follows it again when it has caught up', () => {
    jest.useFakeTimers({ now: START + 2_000 });
    const before = createRunId();
    jest.setSystemTime(START + 1_000);
    const during = [createRunId(), createRunId()];
    jest.setSystemTime(START + 3_000);
    const after = createRunId();

    expect([before, ...during, after].sort()).toEqual([before, ...during, after]);
    expect(msOf(after)).toBe(START + 3_000);
  });

  it('leaves no two alike in what is random', () => {
    const tails = Array.from({ length: 2_000 }, () => createRunId().slice(-12));
    expect(new Set(tails).size).toBe(2_000);
  });
});

describe('Run', () => {
  it.each([
    ['absent', {}],
    ['undefined', { id: undefined }],
    ['null', { id: null }],
  ])('makes an id where it is %s', (_title, attributes) => {
    expect(new Run({ sessionId: 's', ...attributes }).id).toMatch(/^run_[0-9a-f]{32}$/);
  });

  it('keeps an id that it is given', () => {
    expect(new Run({ sessionId: 's', id: 'mine' }).id).toBe('mine');
  });
});

function uuidOf(id: string): string {
  return id.slice(4).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function msOf(id: string): number {
  return parseInt(id.slice(4, 16), 16);
}
