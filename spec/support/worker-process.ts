import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Answer, Call, Commands } from './serve';
import { NOTE, READY } from './serve';

const root = join(__dirname, '../..');

/** What a command rejected with in the other process. */
export class RemoteError extends Error {
  override readonly name = 'RemoteError';

  constructor(
    readonly code: string | undefined,
    message: string,
  ) {
    super(message);
  }
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/**
 * A TypeScript program in a process of its own that answers calls: the test's half of `serve`.
 *
 * The process goes with the test's, and can be stopped, woken and killed at any moment.
 *
 * @example
 * ```ts
 * const worker = await WorkerProcess.start<typeof commands>(join(__dirname, 'worker.ts'));
 * await worker.call('cancel', id);
 * ```
 */
export class WorkerProcess<Served extends Commands> {
  /** What the program has told unasked, in order. */
  readonly notes: unknown[] = [];
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;

  private constructor(script: string) {
    this.#child = fork(script, [], {
      cwd: root,
      execArgv: ['--import', require.resolve('tsx')],
      env: { ...process.env, TSX_TSCONFIG_PATH: join(root, 'tsconfig.json'), NODE_OPTIONS: '' },
    });
    this.#child.on('message', (answer: Answer) => this.#settle(answer));
    this.#child.once('exit', (code, signal) => this.#gone(`ended (${signal ?? code})`));
    this.#child.once('error', (error) => this.#gone(error.message));
  }

  /** Starts the program and waits until it serves. */
  static async start<Served extends Commands>(script: string): Promise<WorkerProcess<Served>> {
    const worker = new WorkerProcess<Served>(script);
    await worker.#answer(READY);
    return worker;
  }

  /** As many at once. */
  static async startMany<Served extends Commands>(
    count: number,
    script: string,
  ): Promise<WorkerProcess<Served>[]> {
    return Promise.all(Array.from({ length: count }, () => WorkerProcess.start<Served>(script)));
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Runs one of the program's commands there; what goes and comes is JSON. */
  async call<Name extends keyof Served & string>(
    name: Name,
    ...parameters: Parameters<Served[Name]>
  ): Promise<Awaited<ReturnType<Served[Name]>>> {
    const call: Call = { id: ++this.#calls, name, parameters };
    const answered = this.#answer(call.id);
    this.#child.send(call);
    return answered as Promise<Awaited<ReturnType<Served[Name]>>>;
  }

  /** Stops the process where it stands (`SIGSTOP`), wakes it (`SIGCONT`), kills it (`SIGKILL`). */
  signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void {
    this.#child.kill(signal);
  }

  /** Kills the process and waits until it is gone. Whatever it was doing is not finished. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }

  #answer(id: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
    });
  }

  #settle({ id, value, error }: Answer): void {
    if (id === NOTE) {
      this.notes.push(value);
      return;
    }
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(value);
    else waiting?.reject(new RemoteError(error.code, error.message));
  }

  #gone(how: string): void {
    for (const { reject } of this.#waiting.values()) reject(new RemoteError('gone', `The process ${how}`));
    this.#waiting.clear();
  }
}
