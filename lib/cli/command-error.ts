/** The exit codes of the command. */
export const EXIT = { ok: 0, refused: 1, usage: 2, interrupted: 130 } as const;

/**
 * An error that the command prints as one line and ends with an exit code: it was called wrongly, or a
 * question was answered with no.
 */
export class CommandError extends Error {
  override readonly name = 'CommandError';

  constructor(
    message: string,
    readonly exitCode: number = EXIT.usage,
  ) {
    super(message);
  }
}
