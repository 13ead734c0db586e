/**
 * Follows a session from another process: a worker executes two runs and records them in a SQLite
 * file; this process watches the session's journal as it grows, and then goes on from the middle, as
 * a client does that has lost its connection.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Run } from 'agent-run';
import type { JournalEntry, RunStore } from 'agent-run/store';
import { SqliteRunStore } from 'agent-run/store/sqlite';

const SESSION = 'session-123';

/** The worker: a process of its own that knows nothing of who watches. */
async function work(store: RunStore): Promise<void> {
  for (const prompt of ['Hi', 'And now?']) {
    const run = new Run({ sessionId: SESSION, input: { prompt } });
    store.track(run);
    await run.execute(async () => {
      run.incrementTurn();
      await sleep(20);
      run.updateTokenUsage({ input_tokens: 100, output_tokens: 50 });
      return { response: `You said: ${prompt}` };
    });
  }
}

/** What a server would send to a browser, the position as the id of the event. */
async function follow(store: RunStore, afterPosition: number, ends: number): Promise<JournalEntry[]> {
  const seen: JournalEntry[] = [];
  let left = ends;
  for await (const entry of store.watch({ sessionId: SESSION, afterPosition })) {
    seen.push(entry);
    const isEnd = entry.type === 'statusChanged' && entry.data['to'] === 'completed';
    if (isEnd && --left === 0) break;
  }
  return seen;
}

async function main(path: string): Promise<void> {
  await using store = new SqliteRunStore({ path });
  const worker = spawn(process.execPath, [...process.execArgv, __filename, path], { stdio: 'inherit' });
  const workerEnded = once(worker, 'exit');
  const entries = await follow(store, 0, 2);
  for (const { seq, type, data } of entries) console.log(`${seq} ${type} ${JSON.stringify(data)}`);
  const known = entries[5]!;
  const rest = await follow(store, known.position, 1);
  console.log(`After entry 6, ${rest.length} follow.`);
  const { runs } = await store.list({ sessionId: SESSION });
  console.log(runs.map(({ output }) => output));
  await workerEnded;
}

const [, , sharedPath] = process.argv;
if (sharedPath === undefined) {
  const folder = mkdtempSync(join(tmpdir(), 'follow-session-'));
  void main(join(folder, 'runs.db')).finally(() => rmSync(folder, { recursive: true }));
} else {
  const store = new SqliteRunStore({ path: sharedPath });
  void work(store).finally(() => store.close());
}

// Prints:
// 1 created {"parentRunId":null}
// 2 statusChanged {"from":"pending","to":"running"}
// 3 turnIncremented {"turnCount":1}
// 4 usageUpdated {"delta":{"input_tokens":100,"output_tokens":50},"tokenUsage":{"input_tokens":100,"output_tokens":50},"costUsd":null}
// 5 statusChanged {"from":"running","to":"completed"}
// 1 created {"parentRunId":null}
// 2 statusChanged {"from":"pending","to":"running"}
// 3 turnIncremented {"turnCount":1}
// 4 usageUpdated {"delta":{"input_tokens":100,"output_tokens":50},"tokenUsage":{"input_tokens":100,"output_tokens":50},"costUsd":null}
// 5 statusChanged {"from":"running","to":"completed"}
// After entry 6, 4 follow.
// [ { response: 'You said: And now?' }, { response: 'You said: Hi' } ]
