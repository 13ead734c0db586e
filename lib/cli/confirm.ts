import { createInterface } from 'node:readline/promises';
import { CommandError, EXIT } from './command-error';
import type { Shell } from './shell';

/** Whether `--yes` has answered the question beforehand. */
export interface ConfirmOptions {
  readonly yes?: boolean;
}

/**
 * Asks on a terminal whether to go on.
 *
 * @param question - Without a question mark, in plain text: `Cancel run_1, running since 3 m`.
 * @throws {CommandError} where the answer is no, or where nobody is there to answer and `--yes` is missing
 */
export async function confirm(shell: Shell, question: string, { yes }: ConfirmOptions): Promise<void> {
  if (yes === true) return;
  if (!shell.isInteractive) {
    throw new CommandError('this changes the store: say --yes where nobody can be asked');
  }
  const reader = createInterface({ input: shell.input, output: shell.errors });
  try {
    const answer = await answerOf(reader.question(`${question}? [y/N] `), reader);
    if (!/^y(es)?$/i.test(answer.trim())) throw new CommandError('nothing was changed', EXIT.refused);
  } finally {
    reader.close();
  }
}

/**
 * While readline has the terminal, Ctrl-C and Ctrl-D go to it. Ctrl-C ends the command, Ctrl-D counts as
 * no.
 */
function answerOf(answer: Promise<string>, reader: ReturnType<typeof createInterface>): Promise<string> {
  return new Promise((resolve, reject) => {
    answer.then(resolve, reject);
    reader.once('SIGINT', () => reject(new CommandError('nothing was changed', EXIT.interrupted)));
    reader.once('close', () => resolve(''));
  });
}
