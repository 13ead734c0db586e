import type { ChildProcess } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';

/** Whether this machine has the pooler: Debian's package `pgbouncer`. */
export const hasPgbouncer = spawnSync('pgbouncer', ['--version']).status === 0;

/** How the pooler shares connections, and how many it has to share. */
export interface PoolerSettings {
  readonly mode: 'session' | 'transaction' | 'statement';
  readonly size: number;
}

/** A pgbouncer before a database. */
export class Pgbouncer {
  readonly url: string;
  readonly #process: ChildProcess;
  readonly #folder: string;

  private constructor(url: string, process: ChildProcess, folder: string) {
    this.url = url;
    this.#process = process;
    this.#folder = folder;
  }

  /** Starts one, and waits until it answers. */
  static async start(databaseUrl: string, settings: PoolerSettings): Promise<Pgbouncer> {
    const folder = mkdtempSync(join(tmpdir(), 'agent-run-pooler-'));
    const port = await freePort();
    const file = join(folder, 'pgbouncer.ini');
    writeFileSync(file, configuration(new URL(databaseUrl), port, settings));
    chmodSync(folder, 0o755);
    // It refuses to run as root.
    const user = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
    const child = spawn('pgbouncer', ['-q', file], { stdio: 'ignore', ...user });
    const url = new URL(databaseUrl);
    [url.hostname, url.port] = ['127.0.0.1', String(port)];
    const pooler = new Pgbouncer(url.href, child, folder);
    await pooler.#answers();
    return pooler;
  }

  stop(): void {
    this.#process.kill('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #answers(): Promise<void> {
    for (let tries = 0; ; tries++) {
      const client = new Client({ connectionString: this.url });
      client.on('error', () => undefined);
      try {
        await client.connect();
        await client.query('SELECT 1');
        return;
      } catch (error) {
        if (tries >= 100) throw error;
        await new Promise((resolve) => {
          setTimeout(resolve, 50);
        });
      } finally {
        await client.end().catch(() => undefined);
      }
    }
  }
}

function configuration(url: URL, port: number, { mode, size }: PoolerSettings): string {
  const password = url.password === '' ? '' : ` password=${decodeURIComponent(url.password)}`;
  return `[databases]
* = host=${url.hostname} port=${url.port} user=${url.username}${password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = ${mode}
default_pool_size = ${size}
ignore_startup_parameters = extra_float_digits
`;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
