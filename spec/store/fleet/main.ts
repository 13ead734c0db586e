/**
 * Plays many schedules of the fleet, in as many processes as there are processors:
 *
 *     npm run test:fleet             ten thousand, in about a minute
 *     npm run test:fleet -- 50000    more
 *
 * Prints the seed of each schedule that breaks a promise; `AGENT_RUN_FLEET_SEED=… npx jest spec/store/fleet`
 * plays it again.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { faultsOf } from './schedule';
import { World } from './world';

const SCHEDULES = Number(process.argv[2] ?? 10_000);
const SHARE = 'AGENT_RUN_FLEET_SHARE';

void (process.env[SHARE] === undefined ? playAll() : playShare(process.env[SHARE]));

async function playAll(): Promise<void> {
  const began = performance.now();
  const shares = availableParallelism();
  const codes = await Promise.all(
    Array.from({ length: shares }, async (_, share) => {
      const env = { ...process.env, [SHARE]: `${share}/${shares}` };
      const child = fork(__filename, [String(SCHEDULES)], { env, execArgv: ['--import', 'tsx'] });
      const [code] = (await once(child, 'exit')) as [number | null];
      return code;
    }),
  );
  const isWell = codes.every((code) => code === 0);
  const seconds = Math.round((performance.now() - began) / 1000);
  process.stdout.write(
    `${SCHEDULES} schedules in ${seconds} s: ${isWell ? 'every promise was kept' : 'see above'}\n`,
  );
  process.exitCode = isWell ? 0 : 1;
}

async function playShare(share: string): Promise<void> {
  const [first, step] = share.split('/').map(Number) as [number, number];
  for (let seed = 1 + first; seed <= SCHEDULES; seed += step) {
    const world = new World(seed);
    Date.now = () => world.epochMs;
    const faults = await faultsOf(world);
    if (faults.length === 0) continue;
    process.exitCode = 1;
    process.stdout.write(`AGENT_RUN_FLEET_SEED=${seed}: ${faults.slice(0, 4).join('; ')}\n`);
  }
}
