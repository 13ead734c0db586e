import { compare } from '../compare';
import type { BenchServer } from '../postgres-server';
import { startPostgres } from '../postgres-server';
import type { Part, PartResult, Row } from '../report';
import type { Spread } from '../statistics';

interface Workload {
  readonly what: string;
  readonly factory: string;
  readonly batch: number;
}

const WORKLOADS: readonly Workload[] = [
  { what: 'batches of 100 changed runs', factory: 'changes', batch: 100 },
  { what: 'batches of 500 changed runs', factory: 'changes', batch: 500 },
  { what: 'batches of 100 new runs', factory: 'newRuns', batch: 100 },
];

/** What PostgreSQL takes, through a store and by hand. */
export const postgres: Part = {
  name: 'postgres',
  async run(progress): Promise<PartResult> {
    const server = await startPostgres();
    try {
      const rows: Row[] = [];
      for (const [index, workload] of WORKLOADS.entries()) {
        rows.push(
          await throughputOf(server, workload, (share) => progress((index + share) / WORKLOADS.length)),
        );
      }
      return { title: 'PostgreSQL', rows, notes: NOTES };
    } finally {
      await server.close();
    }
  },
};

const NOTES = ['throughput by the wall clock, since the server works in processes of its own'];

async function throughputOf(
  server: BenchServer,
  { what, factory, batch }: Workload,
  progress: (share: number) => void,
): Promise<Row> {
  const name = `${factory.toLowerCase()}_${batch}`;
  const [base, own] = [
    await server.createDatabase(`raw_${name}`),
    await server.createDatabase(`store_${name}`),
  ];
  const [compared] = await compare({
    base: { name: 'raw unnest', module: 'subjects/postgres-raw', factory, parameters: { url: base, batch } },
    candidates: [{ name: what, module: 'subjects/postgres', factory, parameters: { url: own, batch } }],
    sliceMs: 400,
    progress,
  });
  return {
    what: `${what}: throughput`,
    against: 'raw unnest',
    value: throughput(compared!.ratio),
    figure: { atLeast: 0.9 },
  };
}

/** Of a ratio of times. */
function throughput({ lower, median, upper }: Spread): Spread {
  return { lower: 1 / upper, median: 1 / median, upper: 1 / lower };
}
