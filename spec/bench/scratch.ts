import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchServer } from './postgres-server';
import { startPostgres } from './postgres-server';
import type { StorePlace } from './store-place';
import { fill as fillDatabase } from './subjects/postgres-archive';
import { fill as fillFile } from './subjects/sqlite-archive';

/** Where a part keeps its stores: a folder for files, and a server. */
export class Scratch {
  readonly folder = mkdtempSync(join(tmpdir(), 'agent-run-bench-'));
  readonly server: BenchServer;
  #made = 0;

  private constructor(server: BenchServer) {
    this.server = server;
  }

  static async open(): Promise<Scratch> {
    return new Scratch(await startPostgres());
  }

  /** Makes a store that holds so many runs, as `subjects/archive` lays them out. */
  async fill(kind: StorePlace['kind'], runs: number): Promise<StorePlace> {
    const name = `runs_${runs}_${this.#made++}`;
    if (kind === 'sqlite') {
      const path = join(this.folder, `${name}.db`);
      await fillFile({ path, runs });
      return { kind, place: path };
    }
    const url = await this.server.createDatabase(name);
    await fillDatabase({ url, runs });
    return { kind, place: url };
  }

  async close(): Promise<void> {
    await this.server.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Does the work with a folder and a server of its own, which are gone when it is over. */
export async function inScratch<Result>(work: (scratch: Scratch) => Promise<Result>): Promise<Result> {
  const scratch = await Scratch.open();
  try {
    return await work(scratch);
  } finally {
    await scratch.close();
  }
}
