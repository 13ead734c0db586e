import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Growth, Grown } from '../growth';
import { grow } from '../growth';
import type { BenchServer } from '../postgres-server';
import { startPostgres } from '../postgres-server';
import type { Part, PartResult } from '../report';
import type { Reading } from '../subjects/archive';
import { readings } from '../subjects/archive';
import { fill as fillDatabase } from '../subjects/postgres-archive';
import { fill as fillFile } from '../subjects/sqlite-archive';

/** Stores of one kind, of several sizes. */
interface Archives {
  readonly kind: string;
  readonly sizes: readonly number[];
  readonly readings: readonly Reading[];
  /** The module of the subject that reads. */
  readonly module: string;
  /** Makes the store of a size. */
  readonly fill: (runs: number) => Promise<void>;
  /** Where the subject finds it. */
  readonly placeOf: (runs: number) => object;
  /** For the largest against the smallest. */
  readonly figure?: { readonly atMost: number };
}

/** What it costs to read in a store, by how many runs it holds. */
export const archives: Part = {
  name: 'archives',
  async run(progress): Promise<PartResult> {
    const folder = mkdtempSync(join(tmpdir(), 'agent-run-bench-'));
    const server = await startPostgres();
    const kinds = [IN_MEMORY, sqliteArchives(folder), postgresArchives(server)];
    const grown: Grown[] = [];
    try {
      for (const [index, archive] of kinds.entries()) {
        // Filled just before: what is not used for a while may have to come from the disk.
        for (const runs of archive.sizes) await archive.fill(runs);
        grown.push(...(await growAll(archive, (share) => progress((index + share) / kinds.length))));
      }
    } finally {
      await server.close();
      rmSync(folder, { recursive: true, force: true });
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
  fill: () => Promise.resolve(),
  placeOf: () => ({}),
};

function sqliteArchives(folder: string): Archives {
  const placeOf = (runs: number): { path: string } => ({ path: join(folder, `${runs}.db`) });
  return {
    kind: 'SQLite',
    sizes: SIZES,
    readings,
    module: 'subjects/sqlite-archive',
    fill: (runs) => fillFile({ ...placeOf(runs), runs }),
    placeOf,
    figure: FIGURE,
  };
}

function postgresArchives(server: BenchServer): Archives {
  const urls = new Map<number, string>();
  return {
    kind: 'PostgreSQL',
    sizes: SIZES,
    readings,
    module: 'subjects/postgres-archive',
    async fill(runs) {
      const url = await server.createDatabase(`archive_${runs}`);
      await fillDatabase({ url, runs });
      urls.set(runs, url);
    },
    placeOf: (runs) => ({ url: urls.get(runs) }),
    figure: FIGURE,
  };
}

async function growAll(archive: Archives, progress: (share: number) => void): Promise<Grown[]> {
  const grown: Grown[] = [];
  for (const [index, reading] of archive.readings.entries()) {
    const growth = growthOf(archive, reading);
    grown.push(await grow(growth, (share) => progress((index + share) / archive.readings.length)));
  }
  return grown;
}

function growthOf({ kind, sizes, module, placeOf, figure }: Archives, reading: Reading): Growth {
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
      parameters: { ...placeOf(runs), runs, reading },
    }),
    costOf: (nanoseconds) => nanoseconds / 1000,
    figure,
  };
}
