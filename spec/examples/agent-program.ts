import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunJSON } from 'agent-run';
import type { Ended, Program } from './program';
import { startExample } from './program';

/** A folder for an agent to stand in: a README and a list of boats. */
export class AgentFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'agent-run-agent-'));
  /** Where an agent that stands here keeps its runs. */
  readonly history = join(this.path, '.agent-run', 'runs.db');

  constructor() {
    writeFileSync(join(this.path, 'README.md'), '# Boats\n\nA list of boats and their harbours.\n');
    writeFileSync(join(this.path, 'boats.csv'), 'Ariel,Whitby\n');
  }

  /** Starts the agent in a process of its own. */
  start(question: readonly string[] = [], environment: Readonly<Record<string, string>> = {}): Program {
    return startExample('agent', question, { folder: this.path, environment });
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** The record that closes the agent's output. */
export function recordIn({ output, errors }: Ended): RunJSON {
  const start = output.lastIndexOf('\nRecord\n');
  if (start < 0) throw new Error(`no record in:\n${output}\n${errors}`);
  return JSON.parse(output.slice(start + '\nRecord\n'.length)) as RunJSON;
}
