/** Builds what is measured and installs what only the benchmarks need; `npm run bench` begins with it. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const PROJECT = join(__dirname, '../..');

step('building the package', 'npm', ['run', 'build', '--silent'], PROJECT);
if (!existsSync(join(__dirname, 'node_modules'))) {
  step('installing what only the benchmarks need', 'npm', ['ci'], __dirname);
}
step('building the benchmarks', 'npx', ['tsc', '--project', __dirname], PROJECT);

function step(what: string, command: string, parameters: readonly string[], folder: string): void {
  process.stderr.write(`${what}\n`);
  const shell = process.platform === 'win32';
  const { status, stdout, stderr } = spawnSync(command, parameters, { cwd: folder, encoding: 'utf8', shell });
  if (status === 0) return;
  process.stderr.write(`${command} ${parameters.join(' ')} failed:\n${stdout}${stderr}`);
  process.exit(1);
}
