import type { Command } from 'commander';
import { listByText } from '../http/text-filter';
import { runAnswer } from '../http/wire';
import { CommandError } from './command-error';
import type { FilterOptions } from './filter-options';
import { addFilterOptions, readFilterOptions } from './filter-options';
import type { PrintOptions } from './printing';
import { addPrintOptions, printRows, readFormat } from './printing';
import { RUN_CSV, runColumns } from './run-columns';
import { withStore } from './session';
import type { Shell } from './shell';

interface ListOptions extends FilterOptions, PrintOptions {
  readonly limit: string;
  readonly cursor?: string;
}

/** `agent-run list`: the newest runs. */
export function addListCommand(program: Command, shell: Shell): void {
  const command = program.command('list').description('list runs, the newest first');
  addPrintOptions(addFilterOptions(command))
    .option('--limit <number>', 'how many at most, from 1 to 1000', '20')
    .option('--cursor <text>', 'where the page before has ended')
    .addHelpText(
      'after',
      '\nExamples:\n  agent-run list --status failed,timeout --since yesterday\n' +
        "  agent-run list --session chat-42 --json | jq '.runs[].cost_usd'",
    )
    .action(async (options: ListOptions) => {
      const format = readFormat(options);
      const limit = readLimit(options.limit);
      await withStore(shell, command, { isReadOnly: true }, async (session) => {
        const page = options.cursor === undefined ? { limit } : { limit, cursor: options.cursor };
        const { runs, nextCursor } = await listByText(
          session.store,
          readFilterOptions(options, session),
          page,
        );
        await printRows(shell, format, {
          rows: runs,
          columns: runColumns(session),
          none: 'There are no such runs.',
          wire: runAnswer,
          json: () => ({ runs: runs.map(runAnswer), next_cursor: nextCursor }),
          csv: RUN_CSV,
        });
        if (nextCursor !== null && format !== 'json') shell.note(`There are more: --cursor ${nextCursor}`);
      });
    });
}

function readLimit(text: string): number {
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > 1000) throw new CommandError('--limit must be a number from 1 to 1000');
  return limit;
}
