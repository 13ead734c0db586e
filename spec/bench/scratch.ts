import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchServer } from './postgres-server';
import { startPostgres } from './postgres-server';

/** Where a part keeps its stores: a folder for files, and a server. */
export interface Scratch {
  readonly folder: string;
  readonly server: BenchServer;
}

/** Does the work with a folder and a server of its own, which are gone when it is over. */
export async function inScratch<Result>(work: (scratch: Scratch) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'agent-run-bench-'));
  const server = await startPostgres();
  try {
    return await work({ folder, server });
  } finally {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
