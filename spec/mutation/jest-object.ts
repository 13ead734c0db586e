import Module, { createRequire } from 'node:module';
import { ModernFakeTimers } from '@jest/fake-timers';
import { ModuleMocker } from 'jest-mock';

type Load = (this: unknown, request: string, ...rest: unknown[]) => unknown;

/** How Node loads what is required. Untyped there. */
const loader = Module as unknown as { _load: Load; readonly _cache: Record<string, unknown> };

const mocker = new ModuleMocker(globalThis);
/** Another object than the real one: as under Jest, what Node has in `timers/promises` stays as it is. */
const world = new Proxy(globalThis, {
  get: (target, name): unknown => Reflect.get(target, name),
  set: (target, name, value) => Reflect.set(target, name, value),
});
const timers = new ModernFakeTimers({
  global: world,
  config: { rootDir: process.cwd(), testMatch: [], fakeTimers: {} } as never,
});
/** A spy that is restored after the timers are real again would put the false ones back. */
const { setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, clearImmediate, Date } =
  globalThis;
const REAL = { setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, clearImmediate, Date };
const factories = new Map<string, () => unknown>();
let requireOfSpec: NodeJS.Require = require;

/** What the specs use of the global `jest`, for a process that Jest has not set up. */
export const jestObject: object = {
  fn: mocker.fn.bind(mocker),
  spyOn: mocker.spyOn.bind(mocker),
  restoreAllMocks: mocker.restoreAllMocks.bind(mocker),
  useFakeTimers: timers.useFakeTimers.bind(timers),
  useRealTimers: timers.useRealTimers.bind(timers),
  advanceTimersByTime: timers.advanceTimersByTime.bind(timers),
  advanceTimersByTimeAsync: timers.advanceTimersByTimeAsync.bind(timers),
  getTimerCount: timers.getTimerCount.bind(timers),
  setSystemTime: timers.setSystemTime.bind(timers),
  runAllTicks: timers.runAllTicks.bind(timers),
  setTimeout: () => undefined,
  requireActual: (name: string): unknown => requireOfSpec(name),
  resetModules: () => undefined,
  doMock(name: string, factory: () => unknown): object {
    factories.set(name, factory);
    return jestObject;
  },
  dontMock(name: string): object {
    factories.delete(name);
    return jestObject;
  },
  isolateModules(use: () => void): void {
    const restore = forgetModules();
    try {
      use();
    } finally {
      restore();
    }
  },
  async isolateModulesAsync(use: () => Promise<void>): Promise<void> {
    const restore = forgetModules();
    try {
      await use();
    } finally {
      restore();
    }
  },
};

/** Before a file of specs: whatever the last one has left is undone. */
export function resetJestObject(specFile: string): void {
  mocker.restoreAllMocks();
  timers.useRealTimers();
  Object.assign(globalThis, REAL);
  factories.clear();
  requireOfSpec = createRequire(specFile);
}

/** The project's own modules are loaded anew until they are restored; packages stay. */
function forgetModules(): () => void {
  const before = { ...loader._cache };
  const load = loader._load;
  const mocked = new Map<string, unknown>();
  for (const file of Object.keys(before)) {
    if (!file.includes('node_modules')) Reflect.deleteProperty(loader._cache, file);
  }
  loader._load = function (request, ...rest) {
    const factory = factories.get(request);
    if (factory === undefined) return load.call(this, request, ...rest);
    if (!mocked.has(request)) mocked.set(request, factory());
    return mocked.get(request);
  };
  return () => {
    loader._load = load;
    for (const file of Object.keys(loader._cache)) {
      if (!(file in before)) Reflect.deleteProperty(loader._cache, file);
    }
    Object.assign(loader._cache, before);
  };
}
