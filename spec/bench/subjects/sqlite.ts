/** A SQLite file that the store writes. */
import type { SqliteHandle, SqliteRunStore } from 'agent-run/store/sqlite';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load, sqliteStore } from '../built';
import type { Subject } from '../subject';
import { repeatedAsync, repeatedOnTheClock } from '../subject';
import type { Batch } from './recording';
import { changesIn, livesIn } from './recording';

/** How the file is written. */
export interface Writing extends Batch {
  readonly synchronous: 'normal' | 'full';
}

/** A file in a folder of its own. */
export interface EmptyFile {
  readonly path: string;
  readonly remove: () => void;
}

export async function changes(writing: Writing): Promise<Subject> {
  const { store, close } = openStore(writing);
  return { ...timed(writing, await changesIn(store, writing)), close };
}

export function lives(writing: Writing): Subject {
  const { store, close } = openStore(writing);
  return { ...timed(writing, livesIn(store, writing)), close };
}

/** What waits for the disk is timed by the wall clock, the rest by the processor's. */
export function timed({ synchronous }: Writing, work: () => unknown): Subject {
  return synchronous === 'full' ? repeatedOnTheClock(work) : repeatedAsync(work);
}

export function emptyFile(): EmptyFile {
  const folder = mkdtempSync(join(tmpdir(), 'agent-run-bench-'));
  return {
    path: join(folder, 'runs.db'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The file, without the store. */
export function libsql(path: string): SqliteHandle {
  return new (load('libsql') as new (path: string) => SqliteHandle)(path);
}

function openStore({ synchronous }: Writing): { store: SqliteRunStore; close: () => Promise<void> } {
  const { path, remove } = emptyFile();
  const store = new (sqliteStore().SqliteRunStore)({ path, synchronous, driver: 'libsql' });
  return { store, close: () => store.close().then(remove) };
}
