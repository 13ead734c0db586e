import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** What would change how an example runs or looks. */
const NOISY = /^(FORCE_COLOR$|OPENAI_|ANTHROPIC_|AGENT_RUN_|JEST_|NODE_OPTIONS$)/;

const root = join(__dirname, '../..');

export const examplesFolder = join(root, 'examples');

/** How a program ended. */
export interface Ended {
  /** The exit code; null where a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What it wrote to its standard output, and to its standard error. */
  readonly output: string;
  readonly errors: string;
}

/** An example in a process of its own. */
export interface Program {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Settles when the text has been printed; rejects when the program ends without it. */
  printed(text: string): Promise<void>;
}

export interface ProgramOptions {
  /** Added to an environment without colours and without keys of model services. */
  readonly environment?: Readonly<Record<string, string>>;
  /** @default the project's folder */
  readonly folder?: string;
  /** Flags for Node itself. @default [] */
  readonly nodeFlags?: readonly string[];
}

/** Starts an example by its name. */
export function startExample(
  name: string,
  parameters: readonly string[] = [],
  options: ProgramOptions = {},
): Program {
  return startProgram(join(examplesFolder, `${name}.ts`), parameters, options);
}

/** Starts a TypeScript program by its file. */
export function startProgram(
  file: string,
  parameters: readonly string[] = [],
  { environment = {}, folder = root, nodeFlags = [] }: ProgramOptions = {},
): Program {
  const tsx = [...nodeFlags, '--import', require.resolve('tsx'), file];
  const child = spawn(process.execPath, [...tsx, ...parameters], {
    cwd: folder,
    env: { ...quietEnvironment(), TSX_TSCONFIG_PATH: join(root, 'tsconfig.json'), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, output, errors }));
  });
  const printed = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (output.includes(text)) resolve();
      };
      look();
      child.stdout.on('data', look);
      child.once('close', () => reject(new Error(`ended without "${text}":\n${output}\n${errors}`)));
    });
  return { child, ended, printed };
}

/** The environment of the tests, without colours and without keys of model services. */
function quietEnvironment(): NodeJS.ProcessEnv {
  const left = Object.entries(process.env).filter(([name]) => !NOISY.test(name));
  return { ...Object.fromEntries(left), NO_COLOR: '1' };
}
