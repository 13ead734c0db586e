/**
 * Packs the package as it would be published and uses it as a stranger does: publint and attw on the
 * tarball, then an empty project that imports, requires and type-checks every entry of `exports`.
 * Needs no list of its own: the entries and the optional peers are read from package.json.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

interface PackageJson {
  name: string;
  exports: Record<string, unknown>;
  peerDependencies: Record<string, string>;
  devDependencies: Record<string, string>;
}

const root = join(__dirname, '../..');
const packageJson = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as PackageJson;
const peers = Object.keys(packageJson.peerDependencies);
const entries = Object.keys(packageJson.exports)
  .filter((subpath) => subpath !== './package.json')
  .map((subpath) => packageJson.name + subpath.slice(1));

/** From the oldest that is supported; the others come from the registry. */
const NODES = ['20.19', '22', '24'];

/** Where there is no driver: the built-in one of Node 22.13 and later. */
const NO_DRIVER = /^agent-run: .*(?:libsql|better-sqlite3).*\n$/;

function main(): void {
  const folder = mkdtempSync(join(tmpdir(), 'agent-run-pack-'));
  try {
    const tarball = pack(folder);
    step('publint', () => tool('publint', ['run', tarball, '--strict']));
    step('attw', () => tool('attw', [tarball]));
    const project = install(folder, tarball);
    for (const major of NODES) {
      step(`the command runs on Node ${major}, and says what it lacks`, () => runsCommand(project, major));
    }
    step('TypeScript takes it without any optional peer', () => {
      compiles(project, entries);
    });
    step(`${packageJson.name} loads none of ${peers.join(', ')}`, () => {
      loadsNoPeer(project);
    });
    if (entries.length > 1) installPeers(project);
    for (const major of NODES) {
      step(`the command looks at a store on Node ${major}`, () => looksAtStore(project, major));
    }
    step(`import and require agree on ${entries.join(', ')}`, () => {
      loadsBothWays(project);
    });
    step('TypeScript takes it from .ts, .mts and .cts', () => {
      compiles(project, entries);
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function pack(folder: string): string {
  const output = execFileSync('npm', ['pack', '--json', '--silent', '--pack-destination', folder], {
    cwd: root,
    encoding: 'utf8',
  });
  const [packed] = JSON.parse(output.slice(output.indexOf('['))) as [{ filename: string; size: number }];
  console.log(`packed ${packed.filename}, ${(packed.size / 1024).toFixed(1)} KiB`);
  return join(folder, packed.filename);
}

function install(folder: string, tarball: string): string {
  const project = join(folder, 'project');
  mkdirSync(project);
  write(project, 'package.json', JSON.stringify({ name: 'project', private: true }));
  npmInstall(project, [tarball]);
  return project;
}

/** The peers at the versions that this project tests with; the others stay away, as they may. */
function installPeers(project: string): void {
  for (const peer of peers) rmSync(join(project, 'node_modules', peer), { recursive: true, force: true });
  const tested = peers.filter((peer) => peer in packageJson.devDependencies);
  npmInstall(
    project,
    tested.map((peer) => `${peer}@${packageJson.devDependencies[peer]!}`),
  );
}

function npmInstall(project: string, packages: string[]): void {
  const quiet = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel', 'error'];
  run('npm', ['install', ...quiet, ...packages], project);
}

/** Without any of the optional peers: help, version, and a line that says what to install. */
function runsCommand(project: string, major: string): void {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  assert.deepEqual(call(project, major, ['--version']), { status: 0, output: `${version}\n`, errors: '' });
  const help = call(project, major, ['--help']);
  assert.equal(help.status, 0);
  assert.match(help.output, /^Usage: agent-run /);
  write(project, 'none.db', '');
  const listed = call(project, major, ['--store', 'none.db', 'list']);
  assert.equal(listed.output, '');
  assert.ok(listed.status === 1, listed.errors);
  assert.equal(listed.errors.split('\n').length, 2, listed.errors);
  if (major === '20.19') assert.match(listed.errors, NO_DRIVER);
}

/** With a driver, or the one that Node has. */
function looksAtStore(project: string, major: string): void {
  write(
    project,
    'fill.cjs',
    `const { Run } = require('${packageJson.name}');
    const { SqliteRunStore } = require('${packageJson.name}/store/sqlite');
    const store = new SqliteRunStore({ path: 'runs-${major}.db' });
    store.save(new Run({ id: 'run_packed', sessionId: 'session' }).setOutput({ done: true })).then(() => store.close());`,
  );
  node(project, major, ['fill.cjs']);
  const listed = call(project, major, ['--store', `runs-${major}.db`, 'list']);
  assert.equal(listed.errors, '');
  assert.match(listed.output, /run_packed +completed/);
}

interface Called {
  readonly status: number | null;
  readonly output: string;
  readonly errors: string;
}

function call(project: string, major: string, parameters: string[]): Called {
  return node(project, major, [join('node_modules', '.bin', packageJson.name), ...parameters]);
}

/** Runs a program with a version of Node that npm fetches where it is not the one at work. */
function node(project: string, major: string, parameters: string[]): Called {
  const isHere = process.versions.node.startsWith(`${major}.`);
  const runner = isHere ? ['node'] : ['npx', '--yes', '--prefer-offline', '-p', `node@${major}`, 'node'];
  const [program = '', ...before] = runner;
  const { status, stdout, stderr } = spawnSync(program, [...before, ...parameters], {
    cwd: project,
    encoding: 'utf8',
    env: { ...process.env, AGENT_RUN_STORE: '' },
  });
  return { status, output: stdout, errors: stderr };
}

/** Puts a decoy in the place of each optional peer, which tells when it is loaded. */
function loadsNoPeer(project: string): void {
  for (const peer of peers) {
    const decoy = join(project, 'node_modules', peer);
    mkdirSync(decoy, { recursive: true });
    write(decoy, 'package.json', JSON.stringify({ name: peer, version: '0.0.0', main: 'index.js' }));
    write(decoy, 'index.js', `console.error('loaded ${peer}'); process.exit(1);`);
  }
  write(project, 'lone.mjs', `await import('${packageJson.name}');`);
  run('node', ['lone.mjs'], project);
}

function loadsBothWays(project: string): void {
  write(
    project,
    'both.mjs',
    `import assert from 'node:assert/strict';
    import { createRequire } from 'node:module';
    const require = createRequire(import.meta.url);
    for (const entry of ${JSON.stringify(entries)}) {
      const { default: whole, ...imported } = await import(entry);
      const required = require(entry);
      assert.equal(whole, required, entry);
      assert.notEqual(Object.keys(required).length, 0, entry);
      for (const name of Object.keys(required)) assert.equal(imported[name], required[name], entry + ' ' + name);
    }`,
  );
  write(
    project,
    'plain.cjs',
    entries.map((entry) => `if (!Object.keys(require('${entry}')).length) process.exit(1);`).join('\n'),
  );
  run('node', ['both.mjs'], project);
  run('node', ['plain.cjs'], project);
}

/** Every exported name used from each kind of file, with the declarations themselves checked too. */
function compiles(project: string, from: readonly string[]): void {
  const names = from.map((_, index) => `entry${index}`);
  const imports = from.map((entry, index) => `import * as ${names[index]!} from '${entry}';`);
  const program = [...imports, `export const entries: object[] = [${names.join(', ')}];`, ''].join('\n');
  const files = ['user.ts', 'user.mts', 'user.cts'];
  for (const file of files) write(project, file, program);
  for (const module of ['node16', 'nodenext']) {
    tool('tsc', [...files, '--ignoreConfig', '--noEmit', '--strict', '--module', module], project);
  }
  const bundler = ['--module', 'esnext', '--moduleResolution', 'bundler'];
  tool('tsc', ['user.ts', '--ignoreConfig', '--noEmit', '--strict', ...bundler], project);
}

function tool(name: string, parameters: string[], cwd = root): void {
  run(join(root, 'node_modules/.bin', name), parameters, cwd);
}

function run(command: string, parameters: string[], cwd: string): void {
  execFileSync(command, parameters, { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
}

function write(folder: string, name: string, text: string): void {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function step(title: string, check: () => void): void {
  check();
  console.log(`ok: ${title}`);
}

main();
