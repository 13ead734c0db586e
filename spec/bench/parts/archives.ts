import { archiveStore } from '../archive-stores';
import type { Growth, Grown } from '../growth';
import { grow } from '../growth';
import type { Part, PartResult } from '../report';
import type { StorePlace } from '../store-place';
import type { Reading } from '../subjects/archive';
import { readings } from '../subjects/archive';

/** Stores of one kind, of several sizes. */
interface Archives {
  readonly kind: string;
  readonly sizes: readonly number[];
  readonly readings: readonly Reading[];
  /** The module of the subject that reads. */
  readonly module: string;
  /** The store of a size, as its subject finds it. */
  readonly placeOf: (runs: number) => Promise<object>;
  /** For the largest against the smallest. */
  readonly figure?: { readonly atMost: number };
}

/** What it costs to read in a store, by how many runs it holds. */
export const archives: Part = {
  name: 'archives',
  async run(progress): Promise<PartResult> {
    const grown: Grown[] = [];
    for (const [index, archive] of KINDS.entries()) {
      grown.push(...(await growAll(archive, (share) => progress((index + share) / KINDS.length))));
    }
    const rows = grown.map(({ row }) => row);
    return { title: TITLE, rows, curves: grown.map(({ curve }) => curve), notes: NOTES };
  },
};

const TITLE = 'Reads in a store that holds many runs';

const NOTES = [
  'ten runs to a session, a second apart; one session in ten has a running run; a page has 50 runs, that of a session 10',
  'a store in memory is not filled further, a million runs would fill the memory; what grows there is how far apart the rows lie, which the caches of the processor feel: of 1,000 runs only 10 are active',
];

const FIGURE = { atMost: 1.5 };

const SIZES = [1_000, 10_000, 100_000, 1_000_000];

const IN_MEMORY: Archives = {
  kind: 'memory',
  sizes: SIZES.slice(0, 3),
  readings: ['get', 'list, the first page', 'getActive'],
  module: 'subjects/memory-archive',
  placeOf: () => Promise.resolve({}),
};

const SQLITE: Archives = {
  kind: 'SQLite',
  sizes: SIZES,
  readings,
  module: 'subjects/sqlite-archive',
  placeOf: async (runs) => ({ path: await placeOf('sqlite', runs) }),
  figure: FIGURE,
};

const POSTGRES: Archives = {
  kind: 'PostgreSQL',
  sizes: SIZES,
  readings,
  module: 'subjects/postgres-archive',
  placeOf: async (runs) => ({ url: await placeOf('postgres', runs) }),
  figure: FIGURE,
};

const KINDS = [IN_MEMORY, SQLITE, POSTGRES];

async function placeOf(kind: StorePlace['kind'], runs: number): Promise<string> {
  return (await archiveStore(kind, runs)).place;
}

async function growAll(archive: Archives, progress: (share: number) => void): Promise<Grown[]> {
  const grown: Grown[] = [];
  const places = new Map<number, object>();
  for (const runs of archive.sizes) places.set(runs, await archive.placeOf(runs));
  for (const [index, reading] of archive.readings.entries()) {
    const growth = growthOf(archive, places, reading);
    grown.push(await grow(growth, (share) => progress((index + share) / archive.readings.length)));
  }
  return grown;
}

function growthOf(
  { kind, sizes, module, figure }: Archives,
  places: ReadonlyMap<number, object>,
  reading: Reading,
): Growth {
  return {
    name: `${kind}: ${reading}`,
    title: `${reading} in ${kind}, by how many runs it holds`,
    sizes: 'runs',
    costs: 'µs',
    steps: sizes,
    subjectOf: (runs) => ({
      name: reading,
      module,
      factory: 'reading',
      parameters: { ...places.get(runs), runs, reading },
    }),
    costOf: (nanoseconds) => nanoseconds / 1000,
    figure,
  };
}
