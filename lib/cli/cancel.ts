import type { Command } from 'commander';
import { runAnswer } from '../http/wire';
import type { ConfirmOptions } from './confirm';
import { confirm } from './confirm';
import { plainJson, plainText } from './plain-text';
import { elapsed, statusWord } from './run-columns';
import type { Session } from './session';
import { withStore } from './session';
import type { Shell } from './shell';
import { notFound } from './show';

interface CancelOptions extends ConfirmOptions {
  readonly reason?: string;
  readonly json?: boolean;
}

/** `agent-run cancel`: ends a run, whoever executes it. */
export function addCancelCommand(program: Command, shell: Shell): void {
  const command = program
    .command('cancel')
    .description('cancel a run, whoever executes it; its usage is kept')
    .argument('<id>', 'the id of the run')
    .option('--reason <text>', 'why; it becomes the message of its error')
    .option('--yes', 'do not ask')
    .option('--json', 'print the run as JSON')
    .addHelpText(
      'after',
      '\nExample:\n  agent-run cancel run_019a2f6e4c7d7b0e9a1f2c3d4e5f6a7b --reason "loops"',
    )
    .action(async (id: string, options: CancelOptions) => {
      await withStore(shell, command, { isReadOnly: false }, async (session) => {
        const { store } = session;
        await confirm(shell, `Cancel ${await describeRun(session, id)}`, options);
        const run = await store.cancel(id, options.reason);
        if (options.json === true) return shell.line(plainJson({ run: runAnswer(run) }, 2));
        await shell.line(`${plainText(run.id)} is cancelled.`);
      });
    });
}

/** A run in a few words, for a question. */
export async function describeRun({ store, now }: Session, id: string): Promise<string> {
  const run = await store.get(id);
  if (run === null) throw notFound(id);
  const session = plainText(run.sessionId);
  return `${plainText(run.id)} (${statusWord(run)}, ${elapsed(run, now)}, session ${session})`;
}
