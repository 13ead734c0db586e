#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommanderError } from 'commander';
import { CommandError, EXIT } from './command-error';
import { createProgram } from './program';
import { Shell } from './shell';

/** Runs the command of this process, and says by its exit code how it went. */
async function main(): Promise<void> {
  // Node's warnings, of an experimental driver say, are no use to whoever calls this command.
  process.removeAllListeners('warning');
  const shell = new Shell(process);
  try {
    await createProgram(shell, packageVersion()).parseAsync(process.argv);
  } catch (error) {
    process.exitCode = exitCodeOf(error, shell);
  }
}

function exitCodeOf(error: unknown, shell: Shell): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  shell.fail(error instanceof Error ? error.message : String(error));
  return error instanceof CommandError ? error.exitCode : EXIT.refused;
}

function packageVersion(): string {
  const text = readFileSync(join(__dirname, '../../package.json'), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}

void main();
