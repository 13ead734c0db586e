/** The package as its users get it: the built files, not the sources. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type * as AgentRun from 'agent-run';

/** The project's folder; this file runs from `spec/bench/dist`. */
export const PROJECT = join(__dirname, '../../..');

export const { Run } = createRequire(join(PROJECT, 'package.json'))('./dist') as typeof AgentRun;
