import type { Command } from 'commander';
import { runAnswer } from '../http/wire';
import type { JsonValue } from '../record/json';
import { describeRun } from './cancel';
import { CommandError } from './command-error';
import type { ConfirmOptions } from './confirm';
import { confirm } from './confirm';
import { cutText, plainJson, plainText } from './plain-text';
import { withStore } from './session';
import type { Shell } from './shell';

interface AnswerOptions extends ConfirmOptions {
  readonly json?: boolean;
}

/** `agent-run answer`: answers a run that waits for a person. */
export function addAnswerCommand(program: Command, shell: Shell): void {
  const command = program
    .command('answer')
    .description('answer a run that waits for a person; a worker then goes on with it')
    .argument('<id>', 'the id of the run')
    .argument('<json>', 'the answer, as JSON')
    .option('--yes', 'do not ask')
    .option('--json', 'print the run as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  agent-run list --awaiting answer\n' +
        `  agent-run answer run_019a2f6e4c7d7b0e9a1f2c3d4e5f6a7b '{"approved":true}'`,
    )
    .action(async (id: string, text: string, options: AnswerOptions) => {
      const value = readJson(text);
      await withStore(shell, command, { isReadOnly: false }, async (session) => {
        const shown = cutText(plainJson(value), 200);
        await confirm(shell, `Answer ${await describeRun(session, id)} with ${shown}`, options);
        const run = await session.store.answer(id, value);
        if (options.json === true) return shell.line(plainJson({ run: runAnswer(run) }, 2));
        await shell.line(`${plainText(run.id)} has its answer.`);
      });
    });
}

function readJson(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    throw new CommandError(
      `the answer must be JSON: '{"approved":true}', or '"a text"' with both kinds of quotes`,
    );
  }
}
