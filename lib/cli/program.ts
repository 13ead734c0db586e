import { Command } from 'commander';
import { addAnswerCommand } from './answer';
import { addCancelCommand } from './cancel';
import { addCostCommand } from './cost';
import { addExportCommand } from './export';
import { addFollowCommand } from './follow';
import { addListCommand } from './list';
import { addPruneCommand } from './prune';
import { addRecoverCommand } from './recover';
import type { Shell } from './shell';
import { addShowCommand } from './show';
import { addStuckCommand } from './stuck';
import { addUiCommand } from './ui';

const HELP = `
The store is the path of an SQLite file, or postgres://user:password@host/database, with
"?schema=" and "?table_prefix=" where its tables are elsewhere. Without --store it is what
the environment variable AGENT_RUN_STORE says, which keeps passwords out of the list of
processes.

Exit codes: 0 done, 1 the run or the store said no, 2 called wrongly (or no --yes where
nobody can be asked), 130 stopped with Ctrl-C.

Examples:
  agent-run --store runs.db stuck
  agent-run --store runs.db cost --by day,model --since 7d
  agent-run --store runs.db ui --open`;

/** The whole command, with all its subcommands. It ends by throwing and never ends the process. */
export function createProgram(shell: Shell, version: string): Command {
  const program = new Command('agent-run')
    .description('Look at the runs of AI agents that a store keeps, and act on them.')
    .option('--store <path or url>', 'the store: the path of a file, or postgres://…')
    .option('--utc', 'read and show times in UTC instead of the zone of this machine')
    .version(version)
    .exitOverride()
    .showHelpAfterError('(--help says more)')
    .addHelpText('after', HELP);
  addListCommand(program, shell);
  addShowCommand(program, shell);
  addFollowCommand(program, shell);
  addCostCommand(program, shell);
  addStuckCommand(program, shell);
  addCancelCommand(program, shell);
  addAnswerCommand(program, shell);
  addRecoverCommand(program, shell);
  addPruneCommand(program, shell);
  addExportCommand(program, shell);
  addUiCommand(program, shell);
  return program;
}
