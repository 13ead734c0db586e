import { shared } from './postgres-setup';

async function stopSharedPostgres(): Promise<void> {
  await shared.agentRunPostgres?.close();
}

// eslint-disable-next-line no-restricted-exports -- jest takes nothing else
export default stopSharedPostgres;
