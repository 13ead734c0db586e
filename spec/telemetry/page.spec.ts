import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { printedBlock } from '../examples/printed';

const root = join(__dirname, '../..');

describe('docs/telemetry.md', () => {
  it('draws the trace that the example prints', () => {
    const { text } = printedBlock(join(root, 'examples/telemetry.ts'))!;
    const picture = text.slice(text.indexOf('POST /answer'));
    expect(readFileSync(join(root, 'docs/telemetry.md'), 'utf8')).toContain(`\`\`\`text\n${picture}\n\`\`\``);
  });

  it('names every attribute, event and metric that telemetry writes', () => {
    const names = readFileSync(join(root, 'lib/telemetry/names.ts'), 'utf8').match(
      /'(?:gen_ai|agent_run|error)\.[^']+'/g,
    )!;
    const page = readFileSync(join(root, 'docs/telemetry.md'), 'utf8');
    expect(names.length).toBeGreaterThan(15);
    expect(names.filter((name) => !page.includes(`\`${name.slice(1, -1)}\``))).toEqual([]);
  });
});
