/** A workflow of ten steps, as DBOS keeps it: each step's result is stored before the next begins. */
import { DBOS } from '@dbos-inc/dbos-sdk';
import type { Living } from '../subjects/durable';
import { atOnce } from '../subjects/durable';
import type { Subject } from '../subject';
import { INPUT, OUTPUT, USAGE } from '../work';

/** A piece of work is so many lives at once. */
export async function lives({ url, runs, turns }: Living): Promise<Subject> {
  const live = DBOS.registerWorkflow(
    async (input: object) => {
      void input;
      for (let turn = 1; turn <= turns; turn++) {
        await DBOS.runStep(() => Promise.resolve({ turn, ...USAGE }), { name: 'turn' });
      }
      return OUTPUT;
    },
    { name: 'live' },
  );
  DBOS.setConfig({ name: 'bench', systemDatabaseUrl: url, logLevel: 'error', runAdminServer: false });
  await DBOS.launch();
  return { ...atOnce(runs, () => live(INPUT)), close: () => DBOS.shutdown() };
}
