import { PostgresRunStore } from 'agent-run/store/postgres';
import { createDatabase } from '../support/postgres';
import type { TestDatabase as ServerDatabase } from '../support/postgres';
import { describeStore } from './contract/describe-store';
import { ConnectedStores } from './contract/test-database';

let server: ServerDatabase;
let count = 0;

beforeAll(async () => {
  server = await createDatabase();
});

afterAll(async () => {
  await server.drop();
});

/** Tables of their own are as good as a database, and made in a fraction of the time. */
describeStore('PostgresRunStore', () => {
  const tablePrefix = `test_${++count}_`;
  const stores = new ConnectedStores();
  return Promise.resolve({
    connect: (options) =>
      stores.add(new PostgresRunStore({ ...options, connectionString: server.url, tablePrefix })),
    close: () => stores.close(),
  });
});
