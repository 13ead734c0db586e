/**
 * Builds and runs the small service in every bundler, framework and runtime there is a tool for, on the
 * package as it would be published: `npm run test:bundles [NAME …]`. Installs the tools first.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PostgresServer } from '../support/postgres-server';
import { ALL_STORES } from './service-project';

const root = join(__dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'agent-run-bundles-'));
const environment: Record<string, string> = { NO_COLOR: '1', NEXT_TELEMETRY_DISABLED: '1' };

/** What each is built with, and what runs the result. */
const BUNDLERS: Readonly<Record<string, readonly [build: string, run: string]>> = {
  'node by import': ['', 'node main.mjs'],
  vite: ['vite build --ssr main.mjs', 'node out-vite/main.mjs'],
  webpack: ['webpack --config webpack.config.cjs', 'node out-webpack/main.cjs'],
  tsup: ['tsup', 'node out-tsup/main-cjs.js'],
  bun: ['', 'bun run main.mjs'],
  deno: ['', 'deno run --allow-all --node-modules-dir=manual main.mjs'],
};

/** What a route handler of Next.js makes of the page, the list, an event stream and an action. */
const ALL_ROUTES = 'page text/html; runs run_next; stream up to the end: cancelled';

const TESTS: Readonly<Record<string, string>> = {
  'jest (modules)': 'jest --config {"testMatch":["**/*.test.mjs"],"transform":{}} --injectGlobals',
  vitest: 'vitest run --globals users-own.test.mjs',
};

async function main(wanted: readonly string[]): Promise<void> {
  const postgres = await PostgresServer.start();
  environment['BUNDLE_POSTGRES'] = postgres.url();
  environment['BUNDLE_SQLITE'] = join(folder, 'runs.db');
  let failures = 0;
  const check = async (
    name: string,
    work: () => Promise<string> | string,
    expected: string,
  ): Promise<void> => {
    if (wanted.length > 0 && !wanted.some((word) => name.includes(word))) return;
    const output = await Promise.resolve(work()).catch(String);
    const isRight = output.includes(expected);
    if (!isRight) failures += 1;
    console.log(isRight ? `ok: ${name}` : `FAILED: ${name}\n${output.slice(-2_000)}`);
  };
  try {
    install();
    for (const [name, [build, run]] of Object.entries(BUNDLERS)) {
      await check(name, () => (build === '' ? '' : tool(build)) + tool(run), ALL_STORES);
    }
    await check('jest (CommonJS)', testByJest, '2 passed');
    for (const [name, command] of Object.entries(TESTS)) await check(name, () => tool(command), '2 passed');
    await check('next, standalone', serveByNext, `${ALL_STORES}\n${ALL_ROUTES}`);
  } finally {
    await postgres.close();
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(failures === 0 ? 'all work' : `${failures} failed`);
  process.exitCode = failures === 0 ? 0 : 1;
}

function install(): void {
  console.log('packing, and installing the tools');
  must('npm', ['pack', '--silent', '--pack-destination', folder], root);
  for (const from of ['tools', 'projects', 'service.mjs', 'main.mjs', 'main-cjs.mjs']) {
    cpSync(join(__dirname, from), from === 'tools' || from === 'projects' ? folder : join(folder, from), {
      recursive: true,
      filter: (path) => !path.includes('node_modules'),
    });
  }
  cpSync(join(folder, 'service.mjs'), join(folder, 'next/service.mjs'));
  must('npm', ['ci', '--legacy-peer-deps', '--no-audit', '--no-fund'], folder);
  const { version, devDependencies } = packageJson();
  const packages = [`./agent-run-${version}.tgz`, `pg@${devDependencies['pg']!}`];
  packages.push(`libsql@${devDependencies['libsql']!}`);
  must('npm', ['install', '--legacy-peer-deps', '--no-audit', '--no-fund', '--no-save', ...packages], folder);
}

function packageJson(): { version: string; devDependencies: Record<string, string> } {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require(join(root, 'package.json')) as { version: string; devDependencies: Record<string, string> };
}

/** The same test as a user of CommonJS has it. */
function testByJest(): string {
  const source = readFileSync(join(folder, 'users-own.test.mjs'), 'utf8')
    .replace(/^import \{ (\w+) \} from '(.+)';$/gm, "const { $1 } = require('$2');")
    .replace('import.meta.jest ?? globalThis.vi', 'jest');
  writeFileSync(join(folder, 'users-own.spec.cjs'), source);
  return tool('jest --config {"testMatch":["**/*.spec.cjs"],"transform":{}}');
}

async function serveByNext(): Promise<string> {
  const project = join(folder, 'next');
  must(join(folder, 'node_modules/.bin/next'), ['build'], project);
  const port = await freePort();
  const server = spawn('node', [join(project, '.next/standalone/next/server.js')], {
    cwd: project,
    env: { ...process.env, ...environment, PORT: String(port), HOSTNAME: '127.0.0.1' },
    stdio: 'ignore',
  });
  try {
    const report = await answered(`http://127.0.0.1:${port}/report`);
    return `${report}\n${await lookedAt(`http://127.0.0.1:${port}/agent-runs`)}`;
  } finally {
    server.kill('SIGKILL');
    await once(server, 'close');
  }
}

/** Uses the handler as the page does: from its own origin. */
async function lookedAt(base: string): Promise<string> {
  const page = await fetch(base);
  const script = /src="([^"]+\.js)"/.exec(await page.text())?.[1] ?? '';
  const { status } = await fetch(new URL(script, base));
  if (status !== 200) return `no script at ${script}`;
  const { runs } = (await (await fetch(`${base}/api/runs`)).json()) as { runs: { id: string }[] };
  const stream = await fetch(`${base}/api/runs/run_next/events`, {
    headers: { Accept: 'text/event-stream' },
  });
  await fetch(`${base}/api/runs/run_next/cancel`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Origin: new URL(base).origin },
    body: '{}',
  });
  const end = /event: end\ndata: .*"status":"(\w+)"/.exec(await stream.text())?.[1] ?? 'none';
  const type = page.headers.get('Content-Type')?.split(';')[0] ?? '';
  return `page ${type}; runs ${runs.map(({ id }) => id).join()}; stream up to the end: ${end}`;
}

async function answered(url: string): Promise<string> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const response = await fetch(url).catch(() => null);
    if (response !== null) return response.text();
    await new Promise<void>((resolve) => {
      setTimeout(resolve, 100);
    });
  }
  return 'the server does not answer';
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

/** Runs a command of the tools, and gives all that it prints. */
function tool(line: string): string {
  const [command = '', ...parameters] = line.split(' ');
  const program = command === 'node' ? command : join(folder, 'node_modules/.bin', command);
  const nodeFlags = line.includes('.test.mjs"') ? { NODE_OPTIONS: '--experimental-vm-modules' } : {};
  const { stdout, stderr } = spawnSync(program, parameters, {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, ...environment, ...nodeFlags },
    timeout: 300_000,
  });
  return stdout + stderr;
}

function must(command: string, parameters: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(command, parameters, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, ...environment },
  });
  if (status !== 0) throw new Error(`${command} ${parameters.join(' ')} failed:\n${stdout}${stderr}`);
  return stdout;
}

void main(process.argv.slice(2));
