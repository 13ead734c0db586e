import type { Compared } from '../compare';
import { compare } from '../compare';
import type { BenchServer } from '../postgres-server';
import { startPostgres } from '../postgres-server';
import type { Part, PartResult, Row } from '../report';
import { throughput } from '../report';
import { spreadOf } from '../statistics';
import { statementsOf } from '../subjects/postgres';

/** What the store does, and rows written by hand that are the same. */
interface Pairing {
  readonly byHand: 'changes' | 'lives';
  readonly runs: number;
  /** What the store's sides are called, by their factories. */
  readonly stored: Readonly<Record<string, string>>;
  /** The share of what whole rows written by hand reach, in percent; none where other work is in it. */
  readonly atLeast?: number;
}

/** What the store makes of PostgreSQL, against what PostgreSQL can do. */
export const postgres: Part = {
  name: 'postgres',
  async run(progress): Promise<PartResult> {
    const server = await startPostgres();
    try {
      const url = await server.createDatabase('statements');
      const rows = [statementsRow(await statementsOf({ url, runs: 100 }))];
      for (const [index, pairing] of PAIRINGS.entries()) {
        const compared = await pair(server, pairing, (share) => progress((index + share) / PAIRINGS.length));
        rows.push(...compared.map((one) => rowOf(one, pairing)));
      }
      return { title: TITLE, rows, notes: NOTES };
    } finally {
      await server.close();
    }
  },
};

const TITLE = 'PostgreSQL: what the store records, against the same rows by hand with unnest; throughput';

const PAIRINGS: readonly Pairing[] = [
  {
    byHand: 'changes',
    runs: 100,
    stored: { changes: 'changes of 100 runs', steadyChanges: 'changes of 100 runs, steady' },
    atLeast: 95,
  },
  {
    byHand: 'changes',
    runs: 500,
    stored: { changes: 'changes of 500 runs', steadyChanges: 'changes of 500 runs, steady' },
    atLeast: 95,
  },
  { byHand: 'lives', runs: 100, stored: { lives: 'lives of 100 runs' } },
];

const NOTES = [
  'changes: a turn and an update of usage for each run; a batch is a row and two journal entries for each; nothing changes before the batch is stored, or, where it is steady, while one is under way',
  'lives: runs are created and started in one batch; changed and completed in the next, with four journal entries; to make the runs and their texts is in it, so there is no figure to reach',
  'by hand: the same tables and indexes, one statement a batch, its texts and arrays ready; no conditions, leases, lock or notification',
  'the store also makes the runs, changes them, announces the changes, turns them into text, and hears its own notifications',
  'by the wall clock: the server works in processes of its own; it does not wait for the disk (fsync off), for either side',
];

const LESS_BY_HAND = '  changed columns by hand';

function rowOf(compared: Compared, { atLeast }: Pairing): Row {
  return throughput(compared, 'whole rows by hand', compared.name === LESS_BY_HAND ? undefined : atLeast);
}

function statementsRow(statements: number): Row {
  const value = spreadOf([statements]);
  return { what: 'statements for changes of 100 runs', against: '', value, unit: '', figure: { atMost: 1 } };
}

async function pair(
  server: BenchServer,
  { byHand, runs, stored }: Pairing,
  progress: (share: number) => void,
): Promise<Compared[]> {
  const addressOf = async (name: string, module: string, factory: string, more: object) => {
    const url = await server.createDatabase(`bench_${databases++}`);
    return { name, module, factory, parameters: { url, runs, ...more } };
  };
  const candidates = [];
  for (const [factory, name] of Object.entries(stored)) {
    candidates.push(await addressOf(name, 'subjects/postgres', factory, {}));
  }
  candidates.push(await addressOf(LESS_BY_HAND, 'peers/raw-postgres', byHand, { columns: 'changed' }));
  const base = await addressOf('by hand', 'peers/raw-postgres', byHand, { columns: 'all' });
  return compare({ base, candidates, sliceMs: 250, progress });
}

let databases = 0;
