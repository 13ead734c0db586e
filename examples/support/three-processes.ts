import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext, JsonObject } from 'agent-run';
import { createRunHandler, toNodeListener } from 'agent-run/http';
import { RunManager } from 'agent-run/manager';
import { SqliteRunStore } from 'agent-run/store/sqlite';

/** What the agent does: from the start, or from what it has parked with. */
export type Work = (context: ExecutionContext) => Promise<object>;

const RUN_ID = 'run-1';

/**
 * Lets one process ask and park, another take the person's answer over HTTP, and a third resume: each of them this
 * very program, each with the same SQLite file, one after the other.
 */
export async function inThreeProcesses(input: JsonObject, value: JsonObject, work: Work): Promise<void> {
  const [role, path] = process.argv.slice(2);
  if (role === undefined || path === undefined) {
    const folder = mkdtempSync(join(tmpdir(), 'agent-run-'));
    for (const each of ['ask', 'answer', 'resume']) {
      await once(fork(process.argv[1]!, [each, join(folder, 'runs.db')]), 'exit');
    }
    rmSync(folder, { recursive: true });
    return;
  }
  const store = new SqliteRunStore({ path });
  await (role === 'answer' ? takeAnswer(store, value) : carryOn(store, role, input, work));
  await store.close();
}

async function carryOn(store: SqliteRunStore, role: string, input: JsonObject, work: Work): Promise<void> {
  const runs = new RunManager({ store });
  runs.on('turnIncremented', ({ turnCount }) => console.log(`${role}: turn ${turnCount}`));
  runs.on('stepEnded', ({ step }) => console.log(`${role}: ${step.kind} ${step.name} ${step.status}`));
  if (role === 'ask') await runs.execute({ id: RUN_ID, sessionId: 'session-123', input }, work);
  else await runs.resume(RUN_ID, work);
  await runs.close();
  const run = await store.get(RUN_ID);
  console.log(`${role}: ${run?.status}`, run?.awaiting?.data ?? run?.output);
  console.log(`${role}: used`, { ...run?.tokenUsage, costUsd: run?.costUsd });
}

/** A person looks at what waits, and answers. */
async function takeAnswer(store: SqliteRunStore, value: JsonObject): Promise<void> {
  const handle = createRunHandler({ store, authorize: () => true });
  const listener = toNodeListener(handle);
  const server = createServer((request, response) => void listener(request, response));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/runs`;
  const waiting = (await (await fetch(`${url}?awaiting=answer`)).json()) as { runs: { id: string }[] };
  console.log(
    'answer: waiting',
    waiting.runs.map(({ id }) => id),
  );
  const response = await fetch(`${url}/${RUN_ID}/answer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ value }),
  });
  console.log(`answer: ${response.status}`);
  server.close();
  server.closeAllConnections();
}
