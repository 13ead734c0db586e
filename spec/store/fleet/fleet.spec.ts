/**
 * A fleet of processes on one database, in virtual time: answers that come late, are lost or refused;
 * processes that die, freeze and come back; clocks apart; outages; cancels, answers and deletes from
 * elsewhere. A seed says all that happens: `AGENT_RUN_FLEET_SEED=7` plays one again; `npm run test:fleet`
 * plays ten thousand.
 */
import { PLANTS } from './plants';
import { faultsOf } from './schedule';
import type { Plant } from './schedule';
import { World } from './world';

const SCHEDULES = Number(process.env['AGENT_RUN_FLEET_SCHEDULES'] ?? 100);
const SEED = process.env['AGENT_RUN_FLEET_SEED'];

describe('a fleet of stores', () => {
  let now: jest.SpyInstance<number>;

  beforeEach(() => {
    now = jest.spyOn(Date, 'now');
  });

  afterEach(() => {
    now.mockRestore();
  });

  async function play(seed: number, plant?: Plant): Promise<string[]> {
    const world = new World(seed);
    now.mockImplementation(() => world.epochMs);
    return faultsOf(world, plant);
  }

  it(`keeps every promise in ${SEED === undefined ? `${SCHEDULES} schedules` : `schedule ${SEED}`}`, async () => {
    const first = SEED === undefined ? 1 : Number(SEED);
    const last = SEED === undefined ? SCHEDULES : first;
    const broken: string[] = [];
    for (let seed = first; seed <= last && broken.length < 5; seed++) {
      const faults = await play(seed);
      if (faults.length > 0) broken.push(`AGENT_RUN_FLEET_SEED=${seed}: ${faults.slice(0, 4).join('; ')}`);
    }
    expect(broken).toEqual([]);
  }, 3_600_000);

  it.each(Object.entries(PLANTS))(
    'would notice a store or a database that %s',
    async (_, plant) => {
      for (let seed = 1; seed <= 300; seed++) {
        if ((await play(seed, plant)).length > 0) return;
      }
      throw new Error('In 300 schedules nobody noticed');
    },
    600_000,
  );
});
