/** What a program of the tests can do on call. Parameters and results are JSON. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- only `any` takes every function
export type Commands = Readonly<Record<string, (...parameters: any[]) => unknown>>;

export interface Call {
  readonly id: number;
  readonly name: string;
  readonly parameters: readonly unknown[];
}

/** What comes back: the answer to a call, or a note. */
export interface Answer {
  /** Of the call; 0 says that the program serves; -1 marks a note. */
  readonly id: number;
  readonly value?: unknown;
  readonly error?: { readonly code?: string | undefined; readonly message: string };
}

export const READY = 0;
export const NOTE = -1;

/** Answers the calls of the test that started this process, as many at a time as it makes. */
export function serve(commands: Commands): void {
  process.on('message', (call: Call) => {
    void answer(commands, call).then(send);
  });
  // Whoever asked is gone: so is this.
  process.once('disconnect', () => process.exit());
  send({ id: READY });
}

/** Tells the test something without being asked. */
export function tell(value: unknown): void {
  send({ id: NOTE, value });
}

function send(message: Answer): void {
  process.send?.(message, undefined, undefined, () => undefined);
}

async function answer(commands: Commands, { id, name, parameters }: Call): Promise<Answer> {
  try {
    return { id, value: await commands[name]!(...parameters) };
  } catch (thrown) {
    const { code, message } = thrown as Error & { code?: string };
    return { id, error: { code, message } };
  }
}
