import type { Command } from 'commander';
import { CommandError, EXIT } from './command-error';
import type { ConfirmOptions } from './confirm';
import { confirm } from './confirm';
import { moment } from './format';
import { readMoment } from './period';
import { plainJson } from './plain-text';
import { Progress } from './progress';
import type { Session } from './session';
import { withStore } from './session';
import type { Shell } from './shell';

interface PruneOptions extends ConfirmOptions {
  readonly olderThan: string;
  readonly journalOnly?: boolean;
  readonly json?: boolean;
}

/** `agent-run prune`: removes what is old. */
export function addPruneCommand(program: Command, shell: Shell): void {
  const command = program
    .command('prune')
    .description('remove runs that ended long ago, in small batches that let others in')
    .requiredOption('--older-than <when>', 'what ended before: 90d, 12h, yesterday, 2026-01-31')
    .option('--journal-only', 'remove only their journals; the runs stay')
    .option('--yes', 'do not ask')
    .option('--json', 'print the number as JSON')
    .addHelpText('after', '\nExample:\n  agent-run prune --older-than 90d')
    .action(async (options: PruneOptions) => {
      await withStore(shell, command, { isReadOnly: false }, (session) => prune(session, options));
    });
}

async function prune(session: Session, options: PruneOptions): Promise<void> {
  const { shell, store } = session;
  const endedBefore = readMoment(options.olderThan, '--older-than', session);
  const journalOnly = options.journalOnly === true;
  const what = journalOnly ? 'the journals of all runs' : 'all runs';
  await confirm(shell, `Remove ${what} that ended before ${moment(endedBefore, session.isUtc)}`, options);
  const progress = new Progress(shell, journalOnly ? 'journals removed' : 'runs removed');
  const signal = shell.interruptible();
  try {
    await store.prune({ endedBefore, journalOnly, signal, onProgress: (removed) => progress.add(removed) });
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    progress.clear();
  }
  await shell.line(options.json === true ? plainJson({ removed: progress.done }, 2) : progress.text());
  if (signal.aborted) throw new CommandError('stopped before the end', EXIT.interrupted);
}
