/** Faults that are put into the database on purpose: a simulation that does not see them is worth nothing. */
import type { StoreBackend } from '../../../lib/store/backend';
import type { Plant } from './schedule';

const changed =
  (change: (backend: StoreBackend, world: Parameters<Plant>[1]) => Partial<StoreBackend>): Plant =>
  (backend, world) => ({ ...backend, ...change(backend, world) });

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
