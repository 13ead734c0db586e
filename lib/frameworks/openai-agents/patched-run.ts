import type { OpenRunner, RunMethod } from './shapes';

/** Called at each call of any runner's `run`; returns undefined for one that it does not handle. */
type Intercept = (
  original: RunMethod,
  runner: OpenRunner,
  parameters: unknown[],
) => Promise<unknown> | undefined;

/** The patched `run` of one copy of the SDK, and those who want to see its calls. */
interface Patch {
  readonly intercepts: Set<Intercept>;
  readonly restore: () => void;
}

const patches = new WeakMap<object, Patch>();

/**
 * Wraps `run` of all runners, since an agent that is used as a tool makes a runner of its own, which nobody
 * else can reach. When the last patch is taken back, `run` is what it was.
 *
 * @returns a function that takes it back.
 */
export function patchRun(runner: OpenRunner, intercept: Intercept): () => void {
  const prototype = ownerOfRun(runner);
  let patch = patches.get(prototype);
  if (patch === undefined) patches.set(prototype, (patch = makePatch(prototype)));
  const { intercepts, restore } = patch;
  intercepts.add(intercept);
  return () => {
    if (!intercepts.delete(intercept) || intercepts.size > 0) return;
    patches.delete(prototype);
    restore();
  };
}

/** The object at the end of the prototype chain that has `run`: classes that extend Runner call that one. */
function ownerOfRun(runner: OpenRunner): { run: RunMethod } {
  let owner: object = runner;
  for (let next: object | null = runner; next !== null; next = Object.getPrototypeOf(next) as object | null) {
    if (Object.hasOwn(next, 'run')) owner = next;
  }
  return owner as { run: RunMethod };
}

function makePatch(prototype: { run: RunMethod }): Patch {
  const before = Object.getOwnPropertyDescriptor(prototype, 'run') as PropertyDescriptor;
  const original = prototype.run;
  const intercepts = new Set<Intercept>();
  const patched: RunMethod = function (...parameters) {
    for (const intercept of intercepts) {
      const result = intercept(original, this, parameters);
      if (result !== undefined) return result;
    }
    return original.apply(this, parameters);
  };
  Object.defineProperty(prototype, 'run', { ...before, value: patched });
  const restore = (): void => {
    // Where somebody else has wrapped `run` since, the patch stays, and passes every call on.
    if (prototype.run === patched) Object.defineProperty(prototype, 'run', before);
  };
  return { intercepts, restore };
}
