/**
 * Runs every program of `examples/` and compares what it prints with what it says it prints.
 *
 * An example ends with a comment block: `// Prints:` (or `// Prints, given <parameters>:`) and below
 * it the output, each line after `// `. Paste the real output; ids, times, durations, ports and
 * process ids are made equal on both sides. A program that cannot do that has a spec of its own
 * here, of its name: `spec/examples/<name>.spec.ts`.
 */
import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { normalised, printedBlock } from './printed';
import { examplesFolder, startExample } from './program';

const names = readdirSync(examplesFolder)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => basename(file, '.ts'));

const examples = names.map((name) => ({ name, printed: printedBlock(join(examplesFolder, `${name}.ts`)) }));

describe('examples', () => {
  for (const { name, printed } of examples) {
    if (printed === undefined) {
      it(`${name} has a spec of its own`, () => {
        expect(existsSync(join(__dirname, `${name}.spec.ts`))).toBe(true);
      });
      continue;
    }
    it(`${name} prints what it says`, async () => {
      const { code, output, errors } = await startExample(name, printed.parameters).ended;
      expect(normalised(output) + (code === 0 ? '' : `\n${errors}`)).toBe(normalised(printed.text));
      expect(code).toBe(0);
    }, 60_000);
  }
});
