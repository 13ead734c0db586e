import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const root = join(__dirname, '../..');

/** What a bundle leaves to `node_modules`: native code, and what a service has not installed. */
export const EXTERNAL: readonly string[] = [
  'libsql',
  'better-sqlite3',
  'pg-native',
  '@opentelemetry/api',
  '@pydantic/genai-prices',
];

/** What the service prints where everything works. */
export const ALL_STORES = ['memory', 'sqlite', 'postgres']
  .map((store) => `${store}: Run completed {"input_tokens":100,"output_tokens":50}`)
  .join('\n');

/**
 * A folder with the service in it that has this package as built, and its drivers, as an installed
 * project has them.
 */
export class ServiceProject {
  readonly folder = mkdtempSync(join(tmpdir(), 'agent-run-bundle-'));

  constructor() {
    for (const file of ['service.mjs', 'main.mjs', 'main-cjs.mjs']) {
      cpSync(join(__dirname, file), join(this.folder, file));
    }
    this.#link('agent-run', root);
    for (const name of ['pg', 'libsql']) this.#link(name, join(root, 'node_modules', name));
  }

  file(name: string): string {
    return join(this.folder, name);
  }

  /** Runs a bundle, without the sources beside it, and gives what it prints. */
  async run(name: string, environment: Readonly<Record<string, string>>): Promise<string> {
    const child = spawn(process.execPath, [this.file(name)], {
      cwd: this.folder,
      env: { PATH: process.env['PATH'], ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (!text.includes('ExperimentalWarning')) output += text;
    });
    await once(child, 'close');
    return output.trim().slice(0, 1_000);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #link(name: string, target: string): void {
    const link = join(this.folder, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(target, link, 'dir');
  }
}
