/** What the exit code of the command says. */
export const EXIT = { ok: 0, refused: 1, usage: 2, interrupted: 130 } as const;

/** What is wrong with how the command was called, or a question that was answered with no: one line and an exit code. */
export class CommandError extends Error {
  override readonly name = 'CommandError';

  constructor(
    message: string,
    readonly exitCode: number = EXIT.usage,
  ) {
    super(message);
  }
}
