import type { ChildProcess } from 'node:child_process';
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { PostgresBinaries } from './postgres-binaries';
import { isReachable, postgresBinaries, SERVER_USER } from './postgres-binaries';

const START_MS = 30_000;
const USER = 'tests';

/**
 * `fsync` guards against a crash of the machine, not of the server: a commit that was answered has
 * been handed to the operating system.
 */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '300',
  fsync: 'off',
  full_page_writes: 'off',
  max_wal_size: '256MB',
  timezone: 'UTC',
};

/** What stops a server: see the documentation of `pg_ctl stop`. */
const STOP_SIGNALS = { fast: 'SIGINT', immediate: 'SIGQUIT' } as const;

/**
 * A real PostgreSQL, on a free port of loopback, in a folder of its own.
 *
 * ```text
 * running ── stop ──► stopped ── start ──► running; close from anywhere
 * ```
 */
export class PostgresServer {
  readonly port: number;
  /** Where everything of the server stands; gone when it is closed. */
  readonly folder: string;
  readonly #binaries: PostgresBinaries;
  readonly #password: string;
  readonly #settings: Readonly<Record<string, string>>;
  readonly #keeper: ChildProcess;
  #process: ChildProcess | null = null;

  private constructor(port: number, settings: Readonly<Record<string, string>>) {
    this.port = port;
    this.#settings = settings;
    this.#password = `secret-${randomBytes(12).toString('hex')}`;
    this.folder = mkdtempSync(join(temporaryFolder(), 'agent-run-postgres-'));
    this.#keeper = startKeeper(this.folder);
    handOver(this.folder);
    this.#binaries = postgresBinaries(this.folder);
  }

  /**
   * @param settings - Of `postgresql.conf`, beside those that all test servers have.
   * @throws Error with the server's log, where it does not start.
   */
  static async start(settings: Readonly<Record<string, string>> = {}): Promise<PostgresServer> {
    const server = new PostgresServer(await freePort(), { ...SETTINGS, ...settings });
    try {
      await server.#initialise();
      await server.start();
    } catch (error) {
      await server.close();
      throw error;
    }
    return server;
  }

  /** Where a client finds a database of this server. */
  url(database = 'postgres'): string {
    return `postgresql://${USER}:${this.#password}@127.0.0.1:${this.port}/${database}`;
  }

  /** Starts the server again, on the same port and data. */
  async start(): Promise<void> {
    const log = openSync(this.#logFile, 'a');
    const settings = Object.entries(this.#settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    this.#process = spawn(
      this.#binaries.postgres,
      ['-D', this.#dataFolder, '-p', String(this.port), ...settings],
      {
        ...SERVER_USER,
        cwd: this.folder,
        stdio: ['ignore', log, log],
      },
    );
    closeSync(log);
    this.#process.unref();
    const failures: Error[] = [];
    this.#process.once('error', (error) => failures.push(error));
    const patientUntil = Date.now() + START_MS;
    while (!this.#isReady) {
      if (failures.length > 0 || this.#process.exitCode !== null || Date.now() > patientUntil) {
        throw new Error(`PostgreSQL did not start:\n${this.#log}`, { cause: failures[0] });
      }
      await setTimeout(10);
    }
  }

  /**
   * Stops the server under its clients.
   *
   * @param mode - `fast` ends their connections, `immediate` is a crash.
   */
  async stop(mode: keyof typeof STOP_SIGNALS = 'fast'): Promise<void> {
    const { exitCode = 0, signalCode = null } = this.#process ?? {};
    if (this.#process === null || exitCode !== null || signalCode !== null) return;
    const stopped = once(this.#process, 'exit');
    this.#process.ref();
    this.#process.kill(STOP_SIGNALS[mode]);
    await stopped;
  }

  /** Lets every process of the server stand still: it answers nobody, and ends no connection. */
  async freeze(): Promise<void> {
    await this.#signalAll('SIGSTOP');
  }

  /** Lets it go on. */
  async thaw(): Promise<void> {
    await this.#signalAll('SIGCONT');
  }

  /** Stops the server for good and removes its folder. */
  async close(): Promise<void> {
    if (this.#keeper.exitCode !== null) return;
    const closed = once(this.#keeper, 'exit');
    this.#keeper.ref();
    this.#keeper.stdin?.end();
    await closed;
  }

  /** The parent first: it makes no more children then. */
  async #signalAll(signal: NodeJS.Signals): Promise<void> {
    const parent = this.#process?.pid;
    if (parent === undefined) return;
    process.kill(parent, signal);
    const { stdout } = await promisify(execFile)('pgrep', ['-P', String(parent)]);
    for (const pid of stdout.trim().split('\n')) {
      try {
        process.kill(Number(pid), signal);
      } catch {
        // It has ended meanwhile.
      }
    }
  }

  async #initialise(): Promise<void> {
    const passwordFile = join(this.folder, 'password');
    writeFileSync(passwordFile, this.#password);
    handOver(passwordFile);
    const locale = ['--encoding=UTF8', '--locale=C'];
    const access = [`--username=${USER}`, '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
    const parameters = [
      `--pgdata=${this.#dataFolder}`,
      ...locale,
      ...access,
      '--no-sync',
      '--no-instructions',
    ];
    await promisify(execFile)(this.#binaries.initdb, parameters, { ...SERVER_USER, cwd: this.folder });
    rmSync(passwordFile);
  }

  get #dataFolder(): string {
    return join(this.folder, 'data');
  }

  get #logFile(): string {
    return join(this.folder, 'log');
  }

  get #log(): string {
    return readFileSync(this.#logFile, 'utf8');
  }

  /** The last line of the file says how far the server is. */
  get #isReady(): boolean {
    try {
      const lines = readFileSync(join(this.#dataFolder, 'postmaster.pid'), 'utf8').trim().split('\n');
      return Number(lines[0]) === this.#process?.pid && lines.at(-1)?.trim() === 'ready';
    } catch {
      return false;
    }
  }
}

/** A temporary folder that the server's user may enter too. */
function temporaryFolder(): string {
  const folder = [tmpdir(), '/tmp', '/var/tmp'].find(isReachable);
  if (folder === undefined) {
    throw new Error(`No temporary folder that others than root may enter: ${tmpdir()}`);
  }
  return folder;
}

function handOver(path: string): void {
  if (SERVER_USER.uid !== undefined) chownSync(path, SERVER_USER.uid, SERVER_USER.gid);
  else chmodSync(path, 0o700);
}

function startKeeper(folder: string): ChildProcess {
  const keeper = spawn(process.execPath, [join(__dirname, 'postgres-keeper.mjs'), folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  keeper.unref();
  (keeper.stdin as unknown as { unref(): void }).unref();
  return keeper;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  await promisify(probe.close.bind(probe))();
  return port;
}
