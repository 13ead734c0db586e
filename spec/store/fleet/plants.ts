/** Faults that are put into the database on purpose: a simulation that does not see them is worth nothing. */
import type { StoreBackend } from '../../../lib/store/backend';
import type { Plant } from './schedule';
import type { World } from './world';

type Change = (backend: StoreBackend, world: World) => Partial<StoreBackend>;

function changed(change: Change): Plant {
  return { backend: (backend, world) => ({ ...backend, ...change(backend, world) }) };
}

export const PLANTS: Readonly<Record<string, Plant>> = {
  'takes writes at any revision': changed((backend) => ({
    async apply(writes) {
      const rows = await Promise.all(writes.map(({ id }) => backend.read(id)));
      return backend.apply(writes.map((write, index) => atRevisionOf(write, rows[index] ?? null)));
    },
  })),
  'says that it has stored what it has not': changed((backend, world) => ({
    apply: (writes) =>
      world.chance(0.02) ? Promise.resolve(writes.map(() => 'applied' as const)) : backend.apply(writes),
  })),
  'lets two runs into a session': changed((backend) => ({
    apply: (writes) => backend.apply(writes.map((write) => ({ ...write, exclusive: false }))),
  })),
  'writes entries twice': changed((backend, world) => ({
    apply: (writes) =>
      backend.apply(
        writes.map((write) =>
          world.chance(0.02) ? { ...write, entries: [...write.entries, ...write.entries.slice(-1)] } : write,
        ),
      ),
  })),
  'calls every lease run out': changed((backend) => ({
    stale: async (query) => {
      const rows = await backend.list({ active: true, limit: query.limit }, []);
      return rows as never;
    },
  })),
  'hides an entry from a reader at first': changed((backend, world) => ({
    async journal(query) {
      const page = await backend.journal(query);
      const isHidden = query.runId === undefined && page.entries.length > 1 && world.chance(0.05);
      return isHidden ? { ...page, entries: page.entries.slice(1) } : page;
    },
  })),
  'never ends what a dead process left': changed(() => ({ stale: () => Promise.resolve([]) })),
  'reads and writes in two steps where nobody may come in between': changed((backend, world) => ({
    async update(id, decide) {
      const row = await backend.read(id);
      await new Promise<void>((resolve) => {
        world.at(5, resolve);
      });
      const write = decide(row);
      return write === null ? null : ((await backend.apply([write]))[0] ?? null);
    },
  })),
  'does not say who wrote a row': changed((backend) => ({
    async read(id) {
      const row = await backend.read(id);
      return row === null ? null : { ...row, writer: 'nobody' };
    },
  })),
  'does not say whose a lease is': changed((backend) => ({
    async read(id) {
      const row = await backend.read(id);
      return row === null ? null : { ...row, writer: 'nobody', lease_token: 'another' };
    },
  })),
  'counts an outage against a lease': changed((backend) => ({
    stale: (query) => backend.stale({ ...query, reachableForMs: undefined }),
  })),
  'counts usage twice': changed((backend, world) => ({
    apply: (writes) =>
      backend.apply(
        writes.map((write) => {
          const usage = write.columns.token_usage;
          if (usage === undefined || !world.chance(0.05)) return write;
          const { input_tokens: tokens = 0 } = JSON.parse(usage) as { input_tokens?: number };
          const twice = JSON.stringify({ input_tokens: 2 * tokens });
          return { ...write, columns: { ...write.columns, token_usage: twice } };
        }),
      ),
  })),
  'takes in a run that is there already': changed((backend) => ({
    async apply(writes) {
      const rows = await Promise.all(writes.map(({ id }) => backend.read(id)));
      const isTwice = (index: number): boolean => writes[index]!.revision === 0 && rows[index] !== null;
      const outcomes = await backend.apply(writes);
      return outcomes.map((outcome, index) => (isTwice(index) ? 'applied' : outcome));
    },
  })),
  'may let a call hang for as long as it likes': { options: { callTimeoutMs: 1_000_000_000 } },
  'forgets who has the lease': changed((backend) => ({
    apply: (writes) =>
      backend.apply(
        writes.map((write) =>
          typeof write.lease === 'object' ? { ...write, lease: 'keep' as const } : write,
        ),
      ),
  })),
};

function atRevisionOf<Write extends { revision: number; nextRevision: number }>(
  write: Write,
  row: { readonly revision: number } | null,
): Write {
  if (row === null || write.revision === row.revision) return write;
  return { ...write, revision: row.revision, nextRevision: row.revision + 1 };
}
