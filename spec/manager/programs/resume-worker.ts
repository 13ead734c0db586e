/**
 * A worker that resumes the run `a` of a database and says so, then works until it is killed.
 *
 *     tsx resume-worker.ts LOCATION LEASE_MS
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { RunManager } from 'agent-run/manager';
import type { Location } from '../../store/processes/databases';
import { openStore } from '../../store/processes/databases';

const [location = '', leaseMs = ''] = process.argv.slice(2);
const store = openStore(JSON.parse(location) as Location);
const runs = new RunManager({ store, recoverEveryMs: 0, track: { leaseMs: Number(leaseMs) } });

void runs.resume('a', async ({ run, resumed }) => {
  run.incrementTurn().updateTokenUsage({ input_tokens: 7 });
  console.log(`resumed with ${JSON.stringify(resumed?.answer)}`);
  await sleep(60_000);
  return {};
});
