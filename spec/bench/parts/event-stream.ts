import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { ClientRequest } from 'node:http';
import { get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { postgresStore, Run, sqliteStore } from '../built';
import type { Part, PartResult, Row } from '../report';
import { inScratch } from '../scratch';
import { spreadOf } from '../statistics';
import type { StreamAnswer, StreamPlace } from '../stream-server';

const READERS = 1000;
const ENTRIES = 40;
const BETWEEN_MS = 250;
const IDLE_MS = 10_000;
const SESSION = 'chat';

/** A thousand readers of the event stream on one store, one writer in another process. */
export const eventStream: Part = {
  name: 'event-stream',
  run(progress): Promise<PartResult> {
    return inScratch(async ({ folder, server }) => {
      const sqlite = await measure({ kind: 'sqlite', place: join(folder, 'runs.db') });
      progress(0.5);
      const url = await server.createDatabase('streams');
      const rows = [
        ...rowsOf('SQLite', sqlite),
        ...rowsOf('PostgreSQL', await measure({ kind: 'postgres', place: url })),
      ];
      return { title: TITLE, rows, notes: NOTES };
    });
  },
};

const TITLE = `The event stream: ${READERS.toLocaleString('en-US')} readers of a session on one store, one writer in another process`;

const NOTES = [
  `an entry every ${BETWEEN_MS} ms, ${ENTRIES} of them; from before it is made to when the last of 99 in 100 readers has it, all readers in one process, which has to read them`,
  'idle: processor time of the server while nothing is written, in percent of one core',
];

interface Measured {
  /** Milliseconds until 99 of 100 readers had an entry, one for each. */
  readonly reached: readonly number[];
  readonly idlePercent: number;
}

function rowsOf(name: string, { reached, idlePercent }: Measured): Row[] {
  return [
    {
      what: `an entry reaches 99 of 100 readers, ${name}`,
      against: 'milliseconds',
      value: spreadOf(reached),
      unit: 'ms',
      figure: { atMost: 250 },
    },
    {
      what: `idle readers, ${name}`,
      against: 'a core',
      value: spreadOf([idlePercent]),
      unit: '%',
      figure: { atMost: 3 },
    },
  ];
}

async function measure(place: StreamPlace): Promise<Measured> {
  const store =
    place.kind === 'sqlite'
      ? new (sqliteStore().SqliteRunStore)({ path: place.place })
      : new (postgresStore().PostgresRunStore)({ connectionString: place.place });
  const run = new Run({ sessionId: SESSION });
  const recorder = store.track(run);
  run.updateStatus('running');
  await recorder.flush();
  const server = fork(join(__dirname, '../stream-server.js'), [JSON.stringify(place)]);
  const { port } = await answerOf<{ port: number }>(server);
  const crowd = new Crowd(port);
  await crowd.gather();
  const reached: number[] = [];
  for (let turn = 1; turn <= ENTRIES; turn++) {
    await pause(BETWEEN_MS);
    const arrived = crowd.awaits(turn);
    run.incrementTurn();
    reached.push(await arrived);
  }
  const idlePercent = await idle(server);
  crowd.leave();
  server.disconnect();
  await once(server, 'exit');
  run.cancel();
  await recorder.stop();
  await store.close();
  return { reached, idlePercent };
}

async function idle(server: ChildProcess): Promise<number> {
  await pause(2000);
  const before = await cpuOf(server);
  await pause(IDLE_MS);
  return (100 * ((await cpuOf(server)) - before)) / IDLE_MS;
}

async function cpuOf(server: ChildProcess): Promise<number> {
  server.send('cpu');
  return (await answerOf<{ cpuMs: number }>(server)).cpuMs;
}

async function answerOf<Answer extends StreamAnswer>(server: ChildProcess): Promise<Answer> {
  const [answer] = (await once(server, 'message')) as [Answer];
  return answer;
}

/** The readers, all on connections of their own. */
class Crowd {
  readonly #port: number;
  readonly #requests: ClientRequest[] = [];
  #seen = '';
  #left = 0;
  #done: (() => void) | null = null;

  constructor(port: number) {
    this.#port = port;
  }

  async gather(): Promise<void> {
    for (let index = 0; index < READERS; index += 50) {
      await Promise.all(Array.from({ length: 50 }, () => this.#join()));
    }
  }

  /** Milliseconds from now until 99 of 100 readers have heard of the turn. */
  async awaits(turn: number): Promise<number> {
    this.#seen = `"turnCount":${turn}}`;
    this.#left = Math.ceil(READERS * 0.99);
    const startedAt = performance.now();
    await new Promise<void>((resolve) => {
      this.#done = resolve;
    });
    return performance.now() - startedAt;
  }

  leave(): void {
    for (const request of this.#requests) request.destroy();
  }

  async #join(): Promise<void> {
    const path = `/api/events?session_id=${SESSION}&after_position=end`;
    const request = get({
      port: this.#port,
      host: '127.0.0.1',
      path,
      agent: false,
      headers: { Accept: 'text/event-stream' },
    });
    request.on('error', () => undefined);
    this.#requests.push(request);
    await new Promise<void>((resolve) => {
      request.once('response', (response) => {
        response.setEncoding('utf8');
        response.on('error', () => undefined);
        response.on('data', (text: string) => {
          resolve();
          if (text.includes(this.#seen) && this.#seen !== '' && --this.#left === 0) this.#done?.();
        });
      });
    });
  }
}
