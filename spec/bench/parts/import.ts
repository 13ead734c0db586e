import { execFileSync } from 'node:child_process';
import type { Part, PartResult } from '../report';
import { spreadOf } from '../statistics';
import { PROJECT } from '../built';

const ROUNDS = 15;
const DEPENDENCIES = ['reflect-metadata', 'class-transformer', 'class-validator', 'eventemitter3', 'uuid'];

/** What it costs to load the core in a fresh process. */
export const importing: Part = {
  name: 'import',
  run(progress): Promise<PartResult> {
    const base = DEPENDENCIES.map((name) => `require('${name}')`).join(';');
    const candidate = `require('./dist')`;
    const ratios: number[] = [];
    let before = cost(base);
    for (let round = 0; round < ROUNDS; round++) {
      progress(round / ROUNDS);
      const own = cost(candidate);
      const after = cost(base);
      ratios.push(own / ((before + after) / 2));
      before = after;
    }
    const row = {
      what: 'the core',
      against: 'its dependencies alone',
      value: spreadOf(ratios),
      figure: { atMost: 0.4 },
    };
    return Promise.resolve({ title: 'Import', rows: [row], notes: NOTES });
  },
};

const NOTES = ['the core is its dependencies and its own files; a tenth is allowed for those'];

/** Microseconds of the processor for what the script does, in a process of its own. */
function cost(script: string): number {
  const timed = `const start = process.cpuUsage(); ${script}; const { user, system } = process.cpuUsage(start); process.stdout.write(String(user + system))`;
  return Number(execFileSync(process.execPath, ['-e', timed], { cwd: PROJECT, encoding: 'utf8' }));
}
