/** The package as its users get it: the built files, not the sources. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type * as AgentRun from 'agent-run';
import type * as Manager from 'agent-run/manager';
import type * as Store from 'agent-run/store';
import type * as PostgresStore from 'agent-run/store/postgres';
import type * as SqliteStore from 'agent-run/store/sqlite';

/** The project's folder; this file runs from `spec/bench/dist`. */
export const PROJECT = join(__dirname, '../../..');

/** Loads what a user of the project would have: its dependencies, and the package itself. */
export const load = createRequire(join(PROJECT, 'package.json'));

export const { Run } = load('./dist') as typeof AgentRun;

/** Loaded where they are needed only: a store costs memory and time to load. */
export const manager = (): typeof Manager => load('./dist/manager') as typeof Manager;
export const stores = (): typeof Store => load('./dist/store') as typeof Store;
export const sqliteStore = (): typeof SqliteStore => load('./dist/store/sqlite') as typeof SqliteStore;
export const postgresStore = (): typeof PostgresStore =>
  load('./dist/store/postgres') as typeof PostgresStore;
