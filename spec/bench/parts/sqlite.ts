import { compare } from '../compare';
import type { Part, PartResult, Row } from '../report';
import { throughput } from '../report';
import type { SubjectAddress } from '../subject';

/** What a row compares: the store, and statements written by hand. */
interface Pairing {
  readonly what: string;
  readonly factory: 'changes' | 'lives';
  readonly runs: number;
  readonly synchronous: 'normal' | 'full';
  /** The share of what whole rows written by hand reach, in percent; none where other work is in it. */
  readonly atLeast?: number;
}

/** What the store makes of a SQLite file, against what the file can do. */
export const sqlite: Part = {
  name: 'sqlite',
  async run(progress): Promise<PartResult> {
    const rows: Row[] = [];
    for (const [index, pairing] of PAIRINGS.entries()) {
      const [stored, lessByHand] = await compare({
        base: byHand(pairing, 'all'),
        candidates: [storeOf(pairing), byHand(pairing, 'changed')],
        sliceMs: 80,
        progress: (share) => progress((index + share) / PAIRINGS.length),
      });
      rows.push(throughput(stored!, 'whole rows by hand', pairing.atLeast));
      rows.push({ ...throughput(lessByHand!, 'whole rows by hand'), what: '  changed columns by hand' });
    }
    return { title: TITLE, rows, notes: NOTES };
  },
};

const TITLE = 'SQLite: what the store records, against prepared statements for the same rows; throughput';

const PAIRINGS: readonly Pairing[] = [
  { what: 'changes of 100 runs', factory: 'changes', runs: 100, synchronous: 'normal', atLeast: 85 },
  { what: 'changes of 500 runs', factory: 'changes', runs: 500, synchronous: 'normal', atLeast: 85 },
  { what: 'lives of 200 runs', factory: 'lives', runs: 200, synchronous: 'normal' },
  { what: 'changes of one run, FULL', factory: 'changes', runs: 1, synchronous: 'full', atLeast: 85 },
];

const NOTES = [
  'changes: a turn and an update of usage for each run; a batch is one transaction: a row and two journal entries for each',
  'lives: runs are created and started in one batch; changed and completed in the next, with four journal entries; to make and change the runs and their texts is nearly half of it, so there is no figure to reach',
  'by hand: the same tables, prepared statements, one per row; texts and ids are ready, no conditions, leases or events, nothing to wait for',
  'the store also makes the runs, changes them, announces the changes, and turns them into text',
  'with FULL, where the disk is waited for, by the wall clock; the rest by the processor',
];

function storeOf({ what, factory, runs, synchronous }: Pairing): SubjectAddress {
  return { name: what, module: 'subjects/sqlite', factory, parameters: { runs, synchronous } };
}

function byHand({ factory, runs, synchronous }: Pairing, columns: 'all' | 'changed'): SubjectAddress {
  const parameters = { runs, synchronous, columns };
  return { name: `${columns} by hand`, module: 'peers/raw-sqlite', factory, parameters };
}
