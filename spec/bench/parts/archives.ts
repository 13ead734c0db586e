import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Growth, Grown } from '../growth';
import { grow } from '../growth';
import type { Part, PartResult } from '../report';
import type { Reading } from '../subjects/archive';
import { readings } from '../subjects/archive';
import { fill } from '../subjects/sqlite-archive';

/** Stores of one kind, of several sizes. */
interface Archives {
  readonly kind: string;
  readonly sizes: readonly number[];
  readonly readings: readonly Reading[];
  /** The module of the subject that reads. */
  readonly module: string;
  /** Where the subject finds the store of a size. */
  readonly placeOf: (runs: number) => object;
  /** For the largest against the smallest. */
  readonly figure?: { readonly atMost: number };
}

/** What it costs to read in a store, by how many runs it holds. */
export const archives: Part = {
  name: 'archives',
  async run(progress): Promise<PartResult> {
    const folder = mkdtempSync(join(tmpdir(), 'agent-run-bench-'));
    try {
      const growths = [...growthsIn(IN_MEMORY), ...growthsIn(await sqliteArchives(folder))];
      const grown: Grown[] = [];
      for (const [index, growth] of growths.entries()) {
        grown.push(await grow(growth, (share) => progress((index + share) / growths.length)));
      }
      const rows = grown.map(({ row }) => row);
      return { title: TITLE, rows, curves: grown.map(({ curve }) => curve), notes: NOTES };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

const TITLE = 'Reads in a store that holds many runs';

const NOTES = [
  'ten runs to a session, a second apart; one session in ten has a running run; a page has 50 runs, that of a session 10',
  'a store in memory is not filled further, a million runs would fill the memory; what grows there is how far apart the rows lie, which the caches of the processor feel: of 1,000 runs only 10 are active',
];

const FIGURE = { atMost: 2 };

const SIZES = [1_000, 10_000, 100_000, 1_000_000];

const IN_MEMORY: Archives = {
  kind: 'memory',
  sizes: SIZES.slice(0, 3),
  readings: ['get', 'list, the first page', 'getActive'],
  module: 'subjects/memory-archive',
  placeOf: () => ({}),
};

async function sqliteArchives(folder: string): Promise<Archives> {
  const placeOf = (runs: number): { path: string } => ({ path: join(folder, `${runs}.db`) });
  for (const runs of SIZES) await fill({ ...placeOf(runs), runs });
  return {
    kind: 'SQLite',
    sizes: SIZES,
    readings,
    module: 'subjects/sqlite-archive',
    placeOf,
    figure: FIGURE,
  };
}

function growthsIn({ kind, sizes, module, placeOf, figure, ...archive }: Archives): Growth[] {
  return archive.readings.map((reading) => ({
    name: `${kind}: ${reading}`,
    title: `${kind}: ${reading}`,
    sizes: 'runs',
    costs: 'µs',
    steps: sizes,
    subjectOf: (runs) => ({
      name: reading,
      module,
      factory: 'reading',
      parameters: { ...placeOf(runs), runs, reading },
    }),
    costOf: (nanoseconds) => nanoseconds / 1000,
    figure,
  }));
}
