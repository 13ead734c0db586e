/** What a program of the tests can do on call. Parameters and results are JSON. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- only `any` takes every function
export type Commands = Readonly<Record<string, (...parameters: any[]) => unknown>>;

export interface Call {
  readonly id: number;
  readonly name: string;
  readonly parameters: readonly unknown[];
}

export interface Answer {
  /** Of the call; 0 says that the program serves. */
  readonly id: number;
  readonly value?: unknown;
  readonly error?: { readonly code?: string | undefined; readonly message: string };
}

/** Answers the calls of the test that started this process, as many at a time as it makes. */
export function serve(commands: Commands): void {
  process.on('message', (call: Call) => {
    void answer(commands, call).then((reply) => process.send?.(reply));
  });
  // Whoever asked is gone: so is this.
  process.once('disconnect', () => process.exit());
  process.send?.({ id: 0 } satisfies Answer);
}

async function answer(commands: Commands, { id, name, parameters }: Call): Promise<Answer> {
  try {
    return { id, value: await commands[name]!(...parameters) };
  } catch (thrown) {
    const { code, message } = thrown as Error & { code?: string };
    return { id, error: { code, message } };
  }
}
