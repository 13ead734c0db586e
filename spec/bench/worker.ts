/** Runs one subject in this process: warms it, then a slice whenever it is told to. */
import type { Subject, SubjectAddress, SubjectFactory } from './subject';

/** What a worker is asked to do. */
export type Request =
  | { readonly kind: 'warm'; readonly warmMs: number; readonly sliceMs: number }
  | { readonly kind: 'slice' }
  | { readonly kind: 'close' };

/** What it answers: nanoseconds for one piece of work. */
export interface Answer {
  readonly nanoseconds: number;
}

let subject: Subject;
let iterations = 1;

async function answer(request: Request): Promise<number> {
  switch (request.kind) {
    case 'warm':
      return warm(request.warmMs * 1e6, request.sliceMs * 1e6);
    case 'slice':
      return (await subject.slice(iterations)) / iterations;
    case 'close':
      await subject.close?.();
      return 0;
  }
}

/** Works until the time has passed, with slices that grow to the size that is wanted. */
async function warm(total: number, slice: number): Promise<number> {
  for (let spent = 0; ;) {
    const took = await subject.slice(iterations);
    spent += took;
    const wanted = Math.round((slice * iterations) / took);
    iterations = Math.max(1, Math.min(iterations * 4, wanted));
    if (spent >= total) return took;
  }
}

async function start(address: SubjectAddress): Promise<void> {
  const factories = (await import(`./${address.module}.js`)) as Record<string, SubjectFactory<object>>;
  const factory = factories[address.factory];
  if (factory === undefined) throw new Error(`${address.module} exports no ${address.factory}`);
  subject = await factory(address.parameters ?? {});
  process.on('message', (request: Request) => {
    void answer(request).then((nanoseconds) => process.send?.({ nanoseconds } satisfies Answer));
  });
  process.send?.({ nanoseconds: 0 } satisfies Answer);
}

void start(JSON.parse(process.argv[2] ?? '{}') as SubjectAddress);
