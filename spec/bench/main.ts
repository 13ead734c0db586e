/**
 * Measures what the package promises about speed and memory, side by side with what else does it.
 *
 *     npm run bench                          everything, in under fifteen minutes
 *     npm run bench -- lifecycle payloads    some parts
 *     npm run bench -- --json                for a machine
 *     npm run bench -- --write               puts what was measured into README.md and docs/performance.md
 */
import { parseArgs } from 'node:util';
import { removeArchiveStores } from './archive-stores';
import { PROJECT } from './built';
import { writeFigures } from './figures';
import { parts } from './parts';
import { showProgress } from './progress';
import type { Part, PartResult } from './report';
import { formatPart, isReached } from './report';
import { environment, versions } from './versions';

void main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { json: { type: 'boolean', default: false }, write: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const chosen = choose(positionals);
  const results: (PartResult & { readonly name: string })[] = [];
  if (!values.json) process.stdout.write(`${heading()}\n\n`);
  try {
    for (const [index, part] of chosen.entries()) {
      const progress = showProgress(`${part.name} (${index + 1} of ${chosen.length})`);
      const result = await part.run(progress.update);
      progress.done();
      results.push({ name: part.name, ...result });
      if (!values.json) process.stdout.write(`${formatPart(result)}\n`);
    }
  } finally {
    await removeArchiveStores();
  }
  if (values.write) {
    writeFigures(PROJECT, { environment: environment(), versions: versions(), parts: results });
  }
  process.stdout.write(values.json ? `${asJson(results)}\n` : `${verdict(results)}\n`);
}

function choose(names: readonly string[]): readonly Part[] {
  const unknown = names.find((name) => !parts.some((part) => part.name === name));
  if (unknown !== undefined) {
    throw new Error(`no part "${unknown}"; there are ${parts.map(({ name }) => name).join(', ')}`);
  }
  return names.length === 0 ? parts : parts.filter(({ name }) => names.includes(name));
}

function heading(): string {
  const list = Object.entries(versions()).map(([name, version]) => `${name} ${version}`);
  return `${environment()}\n${list.join(', ')}`;
}

function verdict(results: readonly PartResult[]): string {
  const judged = results.flatMap(({ rows }) => rows).map(isReached);
  const reached = judged.filter((one) => one === true).length;
  const missed = judged.filter((one) => one === false).length;
  return `${reached} figures reached, ${missed} missed; not measured: the Elixir reference`;
}

function asJson(results: readonly PartResult[]): string {
  const parted = results.map((result) => ({
    ...result,
    rows: result.rows.map((row) => ({ ...row, reached: isReached(row) })),
  }));
  return JSON.stringify({ environment: environment(), versions: versions(), parts: parted }, null, 2);
}
