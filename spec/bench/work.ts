/** The work that every subject of the lifecycle does, and the data it does it with. */

/** One way to keep a run: the floor, `Run`, a peer. */
export interface Keeper<Kept> {
  create(): Kept;
  start(kept: Kept): void;
  turn(kept: Kept): void;
  use(kept: Kept, usage: Usage): void;
  finish(kept: Kept, output: object): void;
}

/** A keeper that writes JSON and reads it back. */
export interface WritingKeeper<Kept> extends Keeper<Kept> {
  write(kept: Kept): string;
  read(text: string): unknown;
}

/** Four counters. */
export interface Usage {
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cache_read_tokens: number;
  readonly total_tokens: number;
}

export const SESSION_ID = 'session-0196f2b4';

export const USAGE: Usage = {
  input_tokens: 1200,
  output_tokens: 85,
  cache_read_tokens: 900,
  total_tokens: 1285,
};

export const INPUT = {
  prompt: 'Summarise the open incidents of the payments team and say which one is the most urgent.',
  messages: [
    {
      role: 'system',
      content: 'You are an assistant of the operations desk. Be brief and name your sources.',
    },
    { role: 'user', content: 'What is going on with the settlement job since yesterday evening?' },
    {
      role: 'assistant',
      content:
        'The settlement job of 22 November has failed twice with a lock timeout on the ledger table. The first ' +
        'failure was at 19:40, the second at 20:10; no other job of the group is affected, and the on-call ' +
        'engineer has been paged. Shall I look at the queries that held the lock?',
    },
    { role: 'user', content: 'Yes, and tell me what else is open.' },
  ],
  tools: ['search_incidents', 'read_runbook', 'query_metrics'],
  temperature: 0.2,
};

export const METADATA = { tenant: 'acme', user_id: 'u-2231', release: '2026.11.2', tags: ['ops', 'nightly'] };

export const OUTPUT = {
  response:
    'Three incidents are open. The settlement job has failed twice since 19:40 with a lock timeout on the ' +
    'ledger table; the retry at 02:00 is the one that matters, because the clearing window closes at 06:00.',
  sources: [
    { id: 'INC-4121', title: 'Settlement job: lock timeout', score: 0.93 },
    { id: 'INC-4118', title: 'Card issuer latency above target', score: 0.61 },
    { id: 'INC-4102', title: 'Stale exchange rates on the dashboard', score: 0.4 },
  ],
  finish_reason: 'stop',
};

const TURNS = 10;

/** Creates a run and changes it 22 times. */
export function mutate<Kept>(keeper: Keeper<Kept>): Kept {
  const kept = keeper.create();
  keeper.start(kept);
  for (let turn = 0; turn < TURNS; turn++) {
    keeper.turn(kept);
    keeper.use(kept, USAGE);
  }
  keeper.finish(kept, OUTPUT);
  return kept;
}

/** One life of a run: created, changed 22 times, written as JSON, read again. */
export function live<Kept>(keeper: WritingKeeper<Kept>): unknown {
  return keeper.read(keeper.write(mutate(keeper)));
}

/** A payload of about so many bytes of JSON: the messages of a long conversation. */
export function payloadOf(bytes: number): { messages: object[] } {
  const messages = [];
  for (let size = 16, turn = 0; size < bytes; turn++) {
    const message = {
      role: turn % 2 === 0 ? 'user' : 'assistant',
      content: `Message ${turn}: ${'the settlement job waits for a lock on the ledger table. '.repeat(2)}`,
      tokens: 20 + (turn % 17),
      cached: turn % 3 === 0,
      scores: [0.25, turn / 7],
    };
    messages.push(message);
    size += JSON.stringify(message).length + 1;
  }
  return { messages };
}

/** What listeners do: they look at what they are given and count. */
export let heard = 0;

export function listen(event: object): void {
  heard += 'at' in event ? 1 : 0;
}

/** How many listeners stand on each event. */
export interface Listening {
  readonly listeners: number;
}
