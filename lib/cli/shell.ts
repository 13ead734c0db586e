import { styleText } from 'node:util';
import { EXIT } from './command-error';
import { plainText } from './plain-text';
import type { Style } from './table';

/** The width of a pipe. */
const NO_WIDTH = Number.MAX_SAFE_INTEGER;

/** What the command talks to: the streams and the environment of its process. */
export class Shell {
  readonly environment: NodeJS.ProcessEnv;
  /** Aborts at the first Ctrl-C, for commands that stop by themselves; see {@link Shell.interruptible}. */
  readonly #interrupted = new AbortController();
  readonly #process: NodeJS.Process;
  #isInterruptible = false;

  constructor(process: NodeJS.Process) {
    this.#process = process;
    this.environment = process.env;
    // A closed pipe is no error: the reader, `| head` say, has seen enough.
    process.stdout.on('error', (error: NodeJS.ErrnoException) =>
      process.exit(error.code === 'EPIPE' ? 0 : 1),
    );
    process.stderr.on('error', () => undefined);
    process.on('SIGINT', () => this.#interrupt());
  }

  get output(): NodeJS.WriteStream {
    return this.#process.stdout;
  }

  get errors(): NodeJS.WriteStream {
    return this.#process.stderr;
  }

  /** Whether somebody is there to be asked. */
  get isInteractive(): boolean {
    return this.#process.stdin.isTTY && this.#process.stderr.isTTY;
  }

  get input(): NodeJS.ReadStream {
    return this.#process.stdin;
  }

  /** How many columns a line of the output has. */
  get width(): number {
    return this.output.isTTY ? this.output.columns : NO_WIDTH;
  }

  get wasInterrupted(): boolean {
    return this.#interrupted.signal.aborted;
  }

  /** Makes the first Ctrl-C only abort the signal. A second one ends the process as usual. */
  interruptible(): AbortSignal {
    this.#isInterruptible = true;
    return this.#interrupted.signal;
  }

  /** A line of the output. Settles when there is room for more. */
  line(text = ''): Promise<void> {
    return this.write(`${text}\n`);
  }

  write(text: string): Promise<void> {
    const { output } = this;
    if (output.write(text)) return Promise.resolve();
    return new Promise((resolve) => {
      output.once('drain', resolve);
    });
  }

  /** A line for the person, beside the output. */
  note(text: string): void {
    this.errors.write(`${text}\n`);
  }

  /** The text in a style, where the output has colours. */
  readonly styled = (style: Style, text: string): string =>
    this.#hasColours(this.output) ? styleText(style, text, { validateStream: false }) : text;

  /** A line that says why the command did not do it. */
  fail(message: string): void {
    this.note(`agent-run: ${plainText(message)}`);
  }

  #hasColours(stream: NodeJS.WriteStream): boolean {
    const { NO_COLOR: noColour = '', TERM: terminal } = this.environment;
    return stream.isTTY && noColour === '' && terminal !== 'dumb';
  }

  #interrupt(): void {
    if (!this.#isInterruptible || this.wasInterrupted) this.#process.exit(EXIT.interrupted);
    this.#interrupted.abort();
  }
}
