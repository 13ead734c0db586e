/**
 * Stops a test server and removes its folder once whoever started this has gone, in whatever way.
 *
 * usage: node postgres-keeper.mjs <folder>
 *
 * The standard input is a pipe from the owner: it ends when the owner closes it, and when it dies.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

const PATIENCE_MS = 10_000;
const [folder] = process.argv.slice(2);

for await (const _ of process.stdin) {
  // Nothing is said here.
}
const pid = serverPid();
if (pid !== null) await stop(pid);
rmSync(folder, { recursive: true, force: true, maxRetries: 10 });

function serverPid() {
  try {
    return Number.parseInt(readFileSync(join(folder, 'data', 'postmaster.pid'), 'utf8'), 10);
  } catch {
    return null;
  }
}

/** Asks for a fast shutdown, which disconnects everybody, and insists where that takes too long. */
async function stop(server) {
  const patientUntil = Date.now() + PATIENCE_MS;
  let signal = 'SIGINT';
  while (isSent(server, signal)) {
    signal = Date.now() < patientUntil ? 0 : 'SIGKILL';
    await setTimeout(20);
  }
}

function isSent(server, signal) {
  try {
    return process.kill(server, signal);
  } catch {
    return false;
  }
}
