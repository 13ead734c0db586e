import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const lib = join(__dirname, '../../lib');

/** The files of lib that are loaded with the manager. */
function loaded(): string[] {
  const code = `require(${JSON.stringify(join(lib, 'manager'))});
    console.log(JSON.stringify(Object.keys(require.cache)));`;
  const output = execFileSync(process.execPath, ['--import', 'tsx', '--eval', code], { encoding: 'utf8' });
  const files = JSON.parse(output.trim().split('\n').at(-1)!) as string[];
  return files.filter((file) => file.startsWith(lib)).map((file) => file.slice(lib.length + 1));
}

describe('agent-run/manager', () => {
  it('loads nothing of stores, usage and telemetry but the doors by which it finds them', () => {
    const parts = loaded().filter((file) => /^(store|usage|telemetry)\//.test(file));
    expect(parts.sort()).toEqual(['store/take-in.ts', 'usage/run-options.ts']);
  });

  it('loads meters when one is asked for', () => {
    const program = (use: string) =>
      `void new RunManager({ meter: { provider: 'openai' } }).execute({ sessionId: 's' }, (context) => { ${use} });
       const meterFile = Object.keys(require.cache).some((file) => file.endsWith('usage/meter.ts'));
       console.error(meterFile); globalThis.loaded = meterFile`;
    const check = (use: string) =>
      execFileSync(
        process.execPath,
        [
          '--import',
          'tsx',
          '--eval',
          `const { RunManager } = require(${JSON.stringify(join(lib, 'manager'))}); ${program(use)}; console.log(globalThis.loaded)`,
        ],
        { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
      ).trim();
    expect(check('context.signal')).toBe('false');
    expect(check('context.meter')).toBe('true');
  });
});
