/**
 * Packs the package as it would be published and uses it as a stranger does: publint and attw on the
 * tarball, then an empty project that imports, requires and type-checks every entry of `exports`.
 * Needs no list of its own: the entries and the optional peers are read from package.json.
 */
import { execFileSync } from 'node:child_process';
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

function main(): void {
  const folder = mkdtempSync(join(tmpdir(), 'agent-run-pack-'));
  try {
    const tarball = pack(folder);
    step('publint', () => tool('publint', ['run', tarball, '--strict']));
    step('attw', () => tool('attw', [tarball]));
    const project = install(folder, tarball);
    step('TypeScript takes it without any optional peer', () => {
      compiles(project, entries);
    });
    step(`${packageJson.name} loads none of ${peers.join(', ')}`, () => {
      loadsNoPeer(project);
    });
    if (entries.length > 1) installPeers(project);
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
