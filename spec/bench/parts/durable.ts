import { compare } from '../compare';
import { startPostgres } from '../postgres-server';
import type { Part, PartResult } from '../report';
import { slowness } from '../report';

const RUNS = 50;
const TURNS = 10;

/** What others would take to keep an agent's life in PostgreSQL. */
const PEERS = [
  { name: "LangGraph's PostgresSaver, 12 checkpoints", module: 'peers/langgraph-checkpoints', atLeast: 8 },
  { name: 'a DBOS workflow of ten steps', module: 'peers/dbos', atLeast: 12 },
];

/** How many lives of ten turns are kept in the time in which others keep one. */
export const durable: Part = {
  name: 'durable',
  async run(progress): Promise<PartResult> {
    const server = await startPostgres({ fsync: 'on', full_page_writes: 'on' });
    try {
      const rows = [];
      for (const [index, factory] of ['lives', 'livesFlushedOnce'].entries()) {
        const address = async (name: string, module: string, use = 'lives') => {
          const url = await server.createDatabase(`durable_${databases++}`);
          return { name, module, factory: use, parameters: { url, runs: RUNS, turns: TURNS } };
        };
        const compared = await compare({
          base: await address('agent-run', 'subjects/durable', factory),
          candidates: await Promise.all(PEERS.map(({ name, module }) => address(name, module))),
          sliceMs: 250,
          progress: (share) => progress((index + share) / 2),
        });
        for (const [place, one] of compared.entries()) {
          const figure = index === 0 ? { atLeast: PEERS[place]!.atLeast } : undefined;
          rows.push(slowness(one, AGAINST[index]!, figure));
        }
      }
      return { title: TITLE, rows, notes: NOTES };
    } finally {
      await server.close();
    }
  },
};

const TITLE = `PostgreSQL: ${RUNS} lives of ${TURNS} turns at once; how much longer others take`;
const AGAINST = ['a run, each turn flushed', 'a run, flushed at its end'];
const NOTES = [
  "LangGraph's checkpoints are a state to go on from, and DBOS replays a workflow to where it stopped: a run keeps neither",
  'a run keeps a row to look up, filter and add up, a journal, a lease, and who may end it: the others keep none of these',
  'by the wall clock; the server waits for the disk (fsync on) at every commit, for all of them',
];

let databases = 0;
