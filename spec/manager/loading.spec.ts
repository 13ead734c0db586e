import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const lib = join(__dirname, '../../lib');

/** The folders of lib from which something is loaded by the program. */
function loadedBy(program: string): string[] {
  const print = `
    const folders = Object.keys(require.cache)
      .filter((file) => file.startsWith(${JSON.stringify(lib)}))
      .map((file) => file.slice(${lib.length + 1}).split('/')[0]);
    console.log(JSON.stringify([...new Set(folders)].sort()));`;
  const code = `const { RunManager } = require(${JSON.stringify(join(lib, 'manager'))});${program};${print}`;
  const output = execFileSync(process.execPath, ['--import', 'tsx', '--eval', code], { encoding: 'utf8' });
  return JSON.parse(output.trim().split('\n').at(-1)!) as string[];
}

describe('agent-run/manager', () => {
  it('loads no store, no telemetry, and of usage only where a run keeps its options', () => {
    const loaded = loadedBy('');
    expect(loaded).toContain('manager');
    expect(loaded).not.toContain('store');
    expect(loaded).not.toContain('telemetry');
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
