import { join } from 'node:path';
import type { Ended, Program } from '../examples/program';
import { startProgram } from '../examples/program';

const MAIN = join(__dirname, '../../lib/cli/main.ts');

/** Starts the command in a process of its own. */
export function startCommand(
  parameters: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Program {
  return startProgram(MAIN, parameters, { environment: { TZ: 'Asia/Tokyo', ...environment } });
}

/** Runs the command to its end. */
export function run(
  parameters: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  return startCommand(parameters, environment).ended;
}
