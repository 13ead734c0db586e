import type { Command } from 'commander';
import { runAnswer } from '../http/wire';
import type { Run } from '../run';
import type { RunLease } from '../store/inspection';
import { duration, moment } from './format';
import { plainText } from './plain-text';
import type { PrintOptions } from './printing';
import { addPrintOptions, printRows, readFormat } from './printing';
import { RUN_CSV } from './run-columns';
import type { Session } from './session';
import { withStore } from './session';
import type { Shell } from './shell';
import type { Column } from './table';

interface StuckRun {
  readonly run: Run;
  readonly lease: RunLease | null;
  readonly recordedAt: Date | null;
}

/** `agent-run stuck`: what dead processes have left running. */
export function addStuckCommand(program: Command, shell: Shell): void {
  const command = program
    .command('stuck')
    .description('list what dead processes have left running: the runs that "recover" would end');
  addPrintOptions(command)
    .addHelpText('after', '\nExample:\n  agent-run --store runs.db stuck')
    .action(async (options: PrintOptions) => {
      const format = readFormat(options);
      await withStore(shell, command, { isReadOnly: true }, async (session) => {
        const runs = await session.store.recover({ dryRun: true });
        await printRows(shell, format, {
          rows: format === 'table' ? await inspected(session, runs) : runs.map(bare),
          columns: stuckColumns(session),
          none: 'Nothing is stuck.',
          wire: ({ run }) => runAnswer(run),
          json: () => ({ runs: runs.map(runAnswer) }),
          csv: { heading: RUN_CSV.heading, cells: ({ run }) => RUN_CSV.cells(run) },
        });
      });
    });
}

async function inspected({ store }: Session, runs: readonly Run[]): Promise<StuckRun[]> {
  const found: StuckRun[] = [];
  for (const run of runs) found.push((await store.inspect(run.id)) ?? bare(run));
  return found;
}

function bare(run: Run): StuckRun {
  return { run, lease: null, recordedAt: null };
}

function stuckColumns({ now, isUtc }: Session): readonly Column<StuckRun>[] {
  return [
    { title: 'ID', rank: 0, cell: ({ run }) => plainText(run.id) },
    {
      title: 'SILENT FOR',
      rank: 0,
      isNumber: true,
      style: () => 'red',
      cell: ({ recordedAt }) => (recordedAt === null ? '?' : duration(now.getTime() - recordedAt.getTime())),
    },
    { title: 'STARTED', rank: 2, cell: ({ run }) => moment(run.startedAt, isUtc) },
    { title: 'HELD BY', rank: 1, canShrink: true, cell: ({ lease }) => plainText(lease?.owner ?? 'nobody') },
    { title: 'SESSION', rank: 3, canShrink: true, cell: ({ run }) => plainText(run.sessionId) },
  ];
}
