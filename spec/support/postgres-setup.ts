import { FAILURE_VARIABLE, URL_VARIABLE } from './postgres';
import { PostgresServer } from './postgres-server';

/** Where the teardown, which jest runs in the same process, finds the server. */
export const shared = globalThis as { agentRunPostgres?: PostgresServer };

/** Starts the server that all specs share. Where it cannot, the specs that need it say why. */
async function startSharedPostgres(): Promise<void> {
  try {
    shared.agentRunPostgres = await PostgresServer.start();
    process.env[URL_VARIABLE] = shared.agentRunPostgres.url();
  } catch (error) {
    process.env[FAILURE_VARIABLE] = error instanceof Error ? error.message : String(error);
  }
}

// eslint-disable-next-line no-restricted-exports -- jest takes nothing else
export default startSharedPostgres;
