import type { Command } from 'commander';
import { runAnswer } from '../http/wire';
import type { ConfirmOptions } from './confirm';
import { confirm } from './confirm';
import { count } from './format';
import { readLength } from './period';
import { plainJson } from './plain-text';
import { printRows } from './printing';
import { RUN_CSV, runColumns } from './run-columns';
import { withStore } from './session';
import type { Shell } from './shell';

interface RecoverOptions extends ConfirmOptions {
  readonly staleAfter?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** `agent-run recover`: ends what dead processes have left running. */
export function addRecoverCommand(program: Command, shell: Shell): void {
  const command = program
    .command('recover')
    .description('end what dead processes have left running, as failed with the code "orphaned"')
    .option('--stale-after <length>', 'for runs that were never tracked: how long they may be silent', '30s')
    .option('--dry-run', 'only list them, as "stuck" does')
    .option('--yes', 'do not ask')
    .option('--json', 'print the runs as JSON')
    .addHelpText('after', '\nExample:\n  agent-run recover --stale-after 5m')
    .action(async (options: RecoverOptions) => {
      const staleAfterMs = readLength(options.staleAfter ?? '30s', '--stale-after');
      const isDry = options.dryRun === true;
      await withStore(shell, command, { isReadOnly: isDry }, async (session) => {
        const { store } = session;
        if (!isDry) await confirm(shell, await questionOf(session.store, staleAfterMs), options);
        const runs = await store.recover({ staleAfterMs, ...(isDry ? { dryRun: true } : {}) });
        if (options.json === true) return shell.line(plainJson({ runs: runs.map(runAnswer) }, 2));
        await printRows(shell, 'table', {
          rows: runs,
          columns: runColumns(session),
          none: 'Nothing is stuck.',
          wire: runAnswer,
          json: () => null,
          csv: RUN_CSV,
        });
      });
    });
}

async function questionOf(
  store: { recover(options: { staleAfterMs: number; dryRun: true }): Promise<readonly unknown[]> },
  staleAfterMs: number,
): Promise<string> {
  const { length } = await store.recover({ staleAfterMs, dryRun: true });
  return `End ${count(length)} ${length === 1 ? 'run' : 'runs'} that dead processes have left running`;
}
