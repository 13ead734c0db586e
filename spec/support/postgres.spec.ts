import { existsSync } from 'node:fs';
import { createDatabase, query } from './postgres';
import { PostgresServer } from './postgres-server';

describe('the PostgreSQL of the tests', () => {
  it('gives each spec a database of its own', async () => {
    const [one, other] = await Promise.all([createDatabase(), createDatabase()]);
    await one.query('CREATE TABLE mine (id text)');
    await expect(other.query('SELECT * FROM mine')).rejects.toThrow('does not exist');
    await Promise.all([one.drop(), other.drop()]);
  });

  it('is a server of version 18', async () => {
    const database = await createDatabase();
    const [row] = await database.query('SHOW server_version_num');
    expect(Number(row!['server_version_num'])).toBeGreaterThanOrEqual(180_000);
    await database.drop();
  });

  it('keeps what was committed through a crash and a restart, and leaves nothing behind', async () => {
    const server = await PostgresServer.start();
    await query(server.url(), 'CREATE TABLE kept AS SELECT 42 AS answer');
    await server.stop('immediate');
    await expect(query(server.url(), 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
    await server.start();
    await expect(query(server.url(), 'SELECT answer FROM kept')).resolves.toEqual([{ answer: 42 }]);
    expect(existsSync(server.folder)).toBe(true);
    await server.close();
    expect(existsSync(server.folder)).toBe(false);
    await expect(query(server.url(), 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
  });
});
