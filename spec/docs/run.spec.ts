/** Runs every block that says it is complete, and compares what it prints with what the page says. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { normalised } from '../examples/printed';
import { startProgram } from '../examples/program';
import { blocksOf, pages, root } from './pages';

const complete = pages()
  .flatMap(blocksOf)
  .filter(({ kind }) => kind === 'complete');

describe('the complete programs of README.md and docs/', () => {
  const scratch = join(root, '.scratch');
  let folder: string;

  beforeAll(() => {
    // Inside the project, so that `agent-run` and its packages are found.
    mkdirSync(scratch, { recursive: true });
    folder = mkdtempSync(join(scratch, 'docs-'));
  });

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('are there', () => {
    expect(complete.length).toBeGreaterThan(0);
  });

  it.each(complete)(
    'print at $page:$line what the page says',
    async ({ page, line, code, prints }) => {
      const own = mkdtempSync(join(folder, 'program-'));
      const file = join(own, `${page.replaceAll('/', '-')}.${line}.mts`);
      writeFileSync(file, code);
      const { code: exitCode, output, errors } = await startProgram(file, [], { folder: own }).ended;
      expect({ exitCode, errors }).toEqual({ exitCode: 0, errors: '' });
      if (prints !== null) expect(normalised(output)).toBe(normalised(prints));
    },
    60_000,
  );
});
