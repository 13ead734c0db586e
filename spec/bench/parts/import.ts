import { execFileSync } from 'node:child_process';
import type { Part, PartResult, Row } from '../report';
import { spreadOf } from '../statistics';
import { PROJECT } from '../built';

const ROUNDS = 15;
const DEPENDENCIES = ['reflect-metadata', 'class-transformer', 'class-validator', 'eventemitter3', 'uuid'];

/** What it costs to load the core in a fresh process. */
export const importing: Part = {
  name: 'import',
  run(progress): Promise<PartResult> {
    const base = DEPENDENCIES.map((name) => `require('${name}')`).join(';');
    const ratios = CANDIDATES.map((): number[] => []);
    let before = cost(base);
    for (let round = 0; round < ROUNDS; round++) {
      progress(round / ROUNDS);
      for (const [index, { script }] of CANDIDATES.entries()) {
        const own = cost(script);
        const after = cost(base);
        ratios[index]!.push(own / ((before + after) / 2));
        before = after;
      }
    }
    const rows = CANDIDATES.map(({ row }, index) => {
      return { ...row, against: 'its dependencies alone', value: spreadOf(ratios[index]!) };
    });
    return Promise.resolve({ title: 'Import', rows, notes: NOTES });
  },
};

const CANDIDATES: readonly { readonly row: Pick<Row, 'what' | 'figure'>; readonly script: string }[] = [
  { row: { what: 'the core', figure: { atMost: 0.4 } }, script: `require('./dist')` },
  {
    row: { what: 'the core, and a first run made' },
    script: `const { Run } = require('./dist'); new Run({ sessionId: 's' })`,
  },
];

const NOTES = [
  'its dependencies by their roots: reflect-metadata, class-transformer, class-validator, eventemitter3, uuid',
  'the core loads what it needs of class-validator, uuid with the first id, and its steps with the first step',
];

/** Microseconds of the processor for what the script does, in a process of its own. */
function cost(script: string): number {
  const timed = `const start = process.cpuUsage(); ${script}; const { user, system } = process.cpuUsage(start); process.stdout.write(String(user + system))`;
  return Number(execFileSync(process.execPath, ['-e', timed], { cwd: PROJECT, encoding: 'utf8' }));
}
