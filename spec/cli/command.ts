import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { buildSync } from 'esbuild';
import type { Ended } from '../examples/program';

const root = join(__dirname, '../..');
const cache = join(root, 'node_modules', '.cache');

/** The command, compiled as it is published, so that a process of it starts as fast as there. */
export class CompiledCommand {
  /** The command as a shell calls it. */
  readonly call: readonly [node: string, file: string];
  readonly #folder: string;

  constructor() {
    mkdirSync(cache, { recursive: true });
    this.#folder = mkdtempSync(join(cache, 'agent-run-cli-'));
    const sources = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' });
    const isCode = (path: string): boolean => path.endsWith('.ts') && !/^http[\\/]page[\\/]/.test(path);
    buildSync({
      absWorkingDir: root,
      entryPoints: sources.filter(isCode).map((path) => join('lib', path)),
      outbase: 'lib',
      outdir: join(this.#folder, 'lib'),
      format: 'cjs',
      platform: 'node',
      target: 'node20',
      tsconfig: 'tsconfig.json',
    });
    symlinkSync(join(root, 'lib/http/page'), join(this.#folder, 'lib/http/page'));
    copyFileSync(join(root, 'package.json'), join(this.#folder, 'package.json'));
    this.call = [process.execPath, join(this.#folder, 'lib/cli/main.js')];
  }

  /** Starts the command in a process of its own, in Tokyo. */
  start(parameters: readonly string[], environment: Readonly<Record<string, string>> = {}): Called {
    const [node, file] = this.call;
    const child = spawn(node, [file, ...parameters], {
      cwd: root,
      env: { ...plainEnvironment(), ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new Called(child);
  }

  /** Runs the command to its end. */
  run(parameters: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Ended> {
    return this.start(parameters, environment).ended;
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }
}

/** The environment of the tests, in another zone than theirs, without a store and without colours. */
export function plainEnvironment(): Record<string, string> {
  const left = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && !/^(AGENT_RUN|JEST_|NODE_|FORCE_COLOR)/.test(entry[0]),
  );
  return { ...Object.fromEntries(left), TZ: 'Asia/Tokyo' };
}

/** The command while it runs. */
export class Called {
  readonly ended: Promise<Ended>;
  #output = '';
  #errors = '';

  constructor(readonly child: ChildProcess) {
    child.stdout!.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.#errors += text));
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => {
        resolve({ code, signal, output: this.#output, errors: this.#errors });
      });
    });
  }

  /** Settles with the output so far when it has the text. */
  printed(text: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (this.#output.includes(text)) resolve(this.#output);
      };
      look();
      this.child.stdout!.on('data', look);
      this.child.once('close', () =>
        reject(new Error(`ended without "${text}":\n${this.#output}\n${this.#errors}`)),
      );
    });
  }
}
