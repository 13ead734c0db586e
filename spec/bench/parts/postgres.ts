import { compare } from '../compare';
import { grow } from '../growth';
import type { BenchServer } from '../postgres-server';
import { startPostgres } from '../postgres-server';
import type { Curve, Part, PartResult, Row } from '../report';
import { throughput } from '../report';
import { spreadOf } from '../statistics';
import type { Reading } from '../subjects/archive';
import { readings } from '../subjects/archive';
import { statementsOf } from '../subjects/postgres';
import { fill } from '../subjects/postgres-archive';

/** What a comparison has the store write, and rows written by hand. */
interface Pairing {
  readonly byHand: 'changes' | 'newRuns';
  readonly runs: number;
  /** By the factory of the store's side. */
  readonly stored: Readonly<Record<string, string>>;
}

const PAIRINGS: readonly Pairing[] = [
  {
    byHand: 'changes',
    runs: 100,
    stored: { steadyChanges: 'changes of 100 runs', changes: 'changes of 100 runs, one batch at a time' },
  },
  {
    byHand: 'changes',
    runs: 500,
    stored: { steadyChanges: 'changes of 500 runs', changes: 'changes of 500 runs, one batch at a time' },
  },
  {
    byHand: 'newRuns',
    runs: 100,
    stored: { steadyNewRuns: '100 new runs', newRuns: '100 new runs, one batch at a time' },
  },
];

const SIZES = [1_000, 10_000, 100_000, 1_000_000];

/** The share of the progress that the batches have. */
const BATCHES = 0.4;

/** What the store makes of PostgreSQL, against what PostgreSQL can do. */
export const postgres: Part = {
  name: 'postgres',
  async run(progress): Promise<PartResult> {
    const server = await startPostgres();
    try {
      const written = await write(server, (share) => progress(BATCHES * share));
      const grown = await read(server, (share) => progress(BATCHES + (1 - BATCHES) * share));
      return { title: TITLE, rows: [...written, ...grown.rows], curves: grown.curves, notes: NOTES };
    } finally {
      await server.close();
    }
  },
};

const TITLE = 'PostgreSQL: what the store records, against rows written by hand with unnest; what it reads';

const NOTES = [
  'throughput by the wall clock: the server works in processes of its own; it does not wait for the disk (fsync off), for either side',
  'changes: a turn and an update of usage for each run: a row and two journal entries; what the next batch is made of comes in while one is under way',
  'one batch at a time: nothing changes before the batch is stored, so the two sides of the wire take turns',
  'by hand: the same tables and indexes, one statement a batch, its texts and arrays ready; no conditions, leases, lock or notification',
  'the store also makes the runs, changes them, announces the changes, turns them into text, and hears its own notifications',
];

async function write(server: BenchServer, progress: (share: number) => void): Promise<Row[]> {
  const url = await server.createDatabase('statements');
  const rows = [statementsRow(await statementsOf({ url, runs: 100 }))];
  for (const [index, pairing] of PAIRINGS.entries()) {
    rows.push(...(await pair(server, pairing, (share) => progress((index + share) / PAIRINGS.length))));
  }
  return rows;
}

function statementsRow(statements: number): Row {
  const value = spreadOf([statements]);
  return { what: 'statements for changes of 100 runs', against: '', value, unit: '', figure: { atMost: 1 } };
}

async function pair(
  server: BenchServer,
  { byHand, runs, stored }: Pairing,
  progress: (share: number) => void,
): Promise<Row[]> {
  const databaseOf = (kind: string): Promise<string> =>
    server.createDatabase(`${kind}_${runs}`.toLowerCase());
  const base = {
    name: 'by hand',
    module: 'peers/raw-postgres',
    factory: byHand,
    parameters: { url: await databaseOf(`by_hand_${byHand}`), runs },
  };
  const candidates = [];
  for (const [factory, name] of Object.entries(stored)) {
    const parameters = { url: await databaseOf(`store_${factory}`), runs };
    candidates.push({ name, module: 'subjects/postgres', factory, parameters });
  }
  const compared = await compare({ base, candidates, sliceMs: 250, progress });
  return compared.map((one) => throughput(one, 'rows by hand', 90));
}

async function read(
  server: BenchServer,
  progress: (share: number) => void,
): Promise<{ readonly rows: readonly Row[]; readonly curves: readonly Curve[] }> {
  const places = new Map<number, string>();
  for (const runs of SIZES) {
    const url = await server.createDatabase(`archive_${runs}`);
    await fill({ url, runs });
    places.set(runs, url);
    progress((0.3 * places.size) / SIZES.length);
  }
  const grown = [];
  for (const [index, reading] of readings.entries()) {
    grown.push(
      await growthOf(reading, places, (share) => progress(0.3 + (0.7 * (index + share)) / readings.length)),
    );
  }
  return { rows: grown.map(({ row }) => row), curves: grown.map(({ curve }) => curve) };
}

function growthOf(
  reading: Reading,
  places: ReadonlyMap<number, string>,
  progress: (share: number) => void,
): ReturnType<typeof grow> {
  return grow(
    {
      name: reading,
      title: `${reading} in PostgreSQL, by how many runs it holds`,
      sizes: 'runs',
      costs: 'µs',
      steps: SIZES,
      subjectOf: (runs) => ({
        name: reading,
        module: 'subjects/postgres-archive',
        factory: 'reading',
        parameters: { url: places.get(runs), runs, reading },
      }),
      costOf: (nanoseconds) => nanoseconds / 1000,
      figure: { atMost: 2 },
    },
    progress,
  );
}
