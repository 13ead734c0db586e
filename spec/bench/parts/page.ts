import type * as Http from 'agent-run/http';
import type { RunHandler } from 'agent-run/http';
import type { RunStore } from 'agent-run/store';
import { archiveStore } from '../archive-stores';
import { load } from '../built';
import type { Part, PartResult, Row } from '../report';
import { spreadOf } from '../statistics';
import { openStore } from '../store-place';
import { LAYOUT } from '../subjects/archive';

const RUNS = 1_000_000;
const TIMES = 9;

/** What the page asks a server for, over a store of a million runs. */
export const page: Part = {
  name: 'page',
  async run(progress): Promise<PartResult> {
    const rows = await measure('SQLite', openStore(await archiveStore('sqlite', RUNS)));
    progress(0.5);
    rows.push(...(await measure('PostgreSQL', openStore(await archiveStore('postgres', RUNS)))));
    return { title: TITLE, rows, notes: NOTES };
  },
};

const TITLE = `What the page asks for, in a store of ${RUNS.toLocaleString('en-US')} runs`;

const NOTES = [
  'from the request to the last byte of the answer, in the process of the server; ten runs to a session, a second apart; one run in a hundred runs',
  `the median of ${TIMES}; a figure is there for what the list of runs asks; what adds up rows takes as long as there are rows`,
];

const END = LAYOUT.startedMs + RUNS * LAYOUT.apartMs;
const HOUR = 3_600_000;
const hoursAgo = (hours: number): string => new Date(END - hours * HOUR).toISOString();

/** The list, by each of its filters, with much and with nothing to find. */
const LISTS: Readonly<Record<string, string>> = {
  'the first page': '',
  'completed ones': 'status=completed',
  'failed and timed out ones, of which there are none': 'status=failed&status=timeout',
  'running roots': 'status=running&roots_only=true',
  'a session': 'session_id=session-50000',
  'a provider': 'provider=openai',
  'completed ones of a provider that nobody has': 'status=completed&provider=none',
  'by metadata that nobody has': 'metadata.tenant=none',
  'what waits for a person': 'awaiting=answer',
  'of a day': `started_from=${hoursAgo(48)}&started_before=${hoursAgo(24)}`,
};

const SUMS: Readonly<Record<string, string>> = {
  'the last hour by status': `group_by=status&started_from=${hoursAgo(1)}`,
  'a day by hour and model': `group_by=hour&group_by=model&started_from=${hoursAgo(24)}`,
  'a week by day and model': `group_by=day&group_by=model&started_from=${hoursAgo(7 * 24)}`,
};

async function measure(name: string, store: RunStore): Promise<Row[]> {
  const { createRunHandler } = load('./dist/http') as typeof Http;
  const handler = createRunHandler({ store, authorize: () => true });
  const rows: Row[] = [];
  for (const [what, query] of Object.entries(LISTS)) {
    rows.push({
      what: `${name}: list, ${what}`,
      against: 'milliseconds',
      value: spreadOf(await timesOf(handler, `runs?limit=50&${query}`)),
      unit: 'ms',
      figure: { atMost: 100 },
    });
  }
  for (const [what, query] of Object.entries(SUMS)) {
    const value = spreadOf(await timesOf(handler, `summary?${query}`));
    rows.push({ what: `${name}: sum, ${what}`, against: 'milliseconds', value, unit: 'ms' });
  }
  await store.close();
  return rows;
}

async function timesOf(handler: RunHandler, path: string): Promise<number[]> {
  const times: number[] = [];
  for (let time = 0; time < TIMES; time++) {
    const startedAt = performance.now();
    const response = await handler(new Request(`http://127.0.0.1/api/${path}`));
    await response.text();
    if (response.status !== 200) throw new Error(`${path} gives ${response.status}`);
    times.push(performance.now() - startedAt);
  }
  return times;
}
