import { Run } from 'agent-run';
import { MemoryRunStore } from 'agent-run/store';
import { listByText, summarizeByText } from '../../lib/http/text-filter';

const sessionId = 's';

describe('a filter of texts', () => {
  let store: MemoryRunStore;

  beforeEach(() => {
    store = new MemoryRunStore();
  });

  afterEach(() => store.close());

  async function save(id: string, metadata: object, provider?: string): Promise<void> {
    await store.save(new Run({ id, sessionId, metadata, ...(provider === undefined ? {} : { provider }) }));
  }

  const idsOf = async (metadata: Record<string, string>): Promise<string[]> =>
    (await listByText(store, { metadata })).runs.map(({ id }) => id).sort();

  it('means the text and the number or boolean that reads so', async () => {
    const values = { text1: '1', one: 1, yes: true, textYes: 'true', no: false, textNo: 'false', none: null };
    for (const [id, value] of Object.entries(values)) await save(id, { value });
    expect(await idsOf({ value: '1' })).toEqual(['one', 'text1']);
    expect(await idsOf({ value: 'true' })).toEqual(['textYes', 'yes']);
    expect(await idsOf({ value: 'false' })).toEqual(['no', 'textNo']);
    expect(await idsOf({ value: '1.0' })).toEqual([]);
    expect(await idsOf({ value: 'null' })).toEqual([]);
  });

  it('gives pages of the size that is asked for, or of 50, with a cursor where there is more', async () => {
    jest.useFakeTimers({ now: 1_000, doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    for (let index = 0; index < 51; index++) {
      jest.setSystemTime(1_000 + Math.floor(index / 2));
      await save(`r${String(index).padStart(2, '0')}`, { value: index % 3 === 0 ? 7 : '7' });
    }
    jest.useRealTimers();
    const { runs: all } = await store.list({ limit: 100 });
    const ids = all.map(({ id }) => id);
    const filter = { metadata: { value: '7' } };
    const first = await listByText(store, filter);
    expect(first.runs.map(({ id }) => id)).toEqual(ids.slice(0, 50));
    const second = await listByText(store, filter, { cursor: first.nextCursor! });
    expect([second.runs.map(({ id }) => id), second.nextCursor]).toEqual([ids.slice(50), null]);
    for (const limit of [1, 2, 5, 50, 51]) {
      const seen: string[] = [];
      let cursor: string | null = null;
      do {
        const page: { runs: readonly Run[]; nextCursor: string | null } = await listByText(store, filter, {
          limit,
          ...(cursor === null ? {} : { cursor }),
        });
        expect(page.runs.length).toBeLessThanOrEqual(limit);
        expect(page.runs.length).toBeGreaterThan(0);
        seen.push(...page.runs.map(({ id }) => id));
        cursor = page.nextCursor;
      } while (cursor !== null);
      expect(seen).toEqual(ids);
    }
  });

  it('is empty, without a cursor, where nothing passes', async () => {
    expect(await listByText(store, { metadata: { value: '7' } })).toEqual({ runs: [], nextCursor: null });
  });

  it('may have four members that may be numbers, and not five', async () => {
    const members = (count: number): Record<string, string> =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`m${index}`, String(index)]));
    await save('a', { m0: 0, m1: '1', m2: 2, m3: '3' });
    expect(await idsOf(members(4))).toEqual(['a']);
    const message = 'has too many members that may be numbers or booleans';
    await expect(listByText(store, { metadata: members(5) })).rejects.toMatchObject({
      code: 'validation_error',
      details: { issues: [{ path: 'metadata', message }] },
    });
  });

  it('sums groups of numbers and texts as one, those without a value last', async () => {
    await save('a', { value: 7 }, 'x');
    await save('b', { value: '7' }, 'x');
    await save('c', { value: '7' });
    await save('d', { value: 7 }, 'b');
    const rows = await summarizeByText(store, { groupBy: ['provider'], metadata: { value: '7' } });
    expect(rows.map(({ group, runs }) => [group['provider'], runs])).toEqual([
      ['b', 1],
      ['x', 2],
      [null, 1],
    ]);
  });
});
