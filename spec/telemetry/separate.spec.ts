import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { preProcessFile } from 'typescript';

const lib = resolve(__dirname, '../../lib');

const files = readdirSync(lib, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));

/** What a file imports when it is run: files relative to lib, packages by their names. */
function importsOf(file: string): string[] {
  const source = readFileSync(join(lib, file), 'utf8').replace(/^import type [^;]+;$/gm, '');
  return preProcessFile(source).importedFiles.map(({ fileName }) =>
    fileName.startsWith('.') ? relative(lib, resolve(dirname(join(lib, file)), fileName)) : fileName,
  );
}

describe('the rest of the package', () => {
  const rest = files.filter((file) => !file.startsWith('telemetry/'));

  it('imports neither telemetry nor OpenTelemetry, so that either may be missing', () => {
    const imports = rest.flatMap((file) => importsOf(file).map((name) => `${file} imports ${name}`));
    expect(imports.length).toBeGreaterThan(20);
    expect(imports.filter((line) => /imports (telemetry\b|@opentelemetry\/)/.test(line))).toEqual([]);
  });
});

describe('telemetry', () => {
  it('imports no package but the API of OpenTelemetry', () => {
    const packages = files
      .filter((file) => file.startsWith('telemetry/'))
      .flatMap(importsOf)
      .filter((name) => !/^(telemetry|record|execution)\/|^(attachment|run|run-events)$|^node:/.test(name));
    expect([...new Set(packages)]).toEqual(['@opentelemetry/api']);
  });
});
