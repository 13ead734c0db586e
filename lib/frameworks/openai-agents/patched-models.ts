import { countedMethods } from './counted-model';
import type { SdkModel, SdkModelProvider } from './shapes';
import { isModel } from './shapes';
import { WhileUsed } from './while-used';

const patched = new WhileUsed(patch);

/**
 * Makes the models count that agents hold as objects, which no provider is asked for, while a recorded call
 * that may use them lasts. A model may be shared: the last such call removes the counting.
 *
 * @returns a function that says that this call is over.
 */
export function countModelsOf(agents: readonly unknown[], ...others: readonly unknown[]): () => void {
  const models = new Set([...agentsReachedFrom(agents).map(modelOf), ...others].filter(isModel));
  const leave = [...models].map((model) => patched.use(model));
  return () => leave.forEach((done) => done());
}

/** A provider whose models count, under the names that they were asked for by. */
export function countingProvider(provider: SdkModelProvider): SdkModelProvider {
  // Made at each call: one model may serve several names.
  const getModel: SdkModelProvider['getModel'] = (name) => {
    const counted = (model: SdkModel): SdkModel => overlay(model, countedMethods(model, name ?? null));
    const model = provider.getModel(name);
    return isModel(model) ? counted(model) : model.then(counted);
  };
  return overlay(provider, { getModel });
}

/** The object with some methods replaced. Every other member is still its own, private ones too. */
function overlay<Target extends object>(target: Target, methods: Partial<Target>): Target {
  return new Proxy(target, {
    get: (object, name) => {
      if (Object.hasOwn(methods, name)) return Reflect.get(methods, name) as unknown;
      const value: unknown = Reflect.get(object, name, object);
      return typeof value === 'function' ? (value.bind(object) as unknown) : value;
    },
  });
}

function patch(model: SdkModel): () => void {
  const names = ['getResponse', 'getStreamedResponse'] as const;
  const before = names.map((name) => [name, Object.getOwnPropertyDescriptor(model, name)] as const);
  const methods: Readonly<Record<string, unknown>> = { ...countedMethods(model, null) };
  for (const name of names) {
    Reflect.defineProperty(model, name, { value: methods[name], configurable: true, writable: true });
  }
  return () => {
    for (const [name, descriptor] of before) {
      // Somebody has wrapped the method since: that wrapper stays, and goes on calling ours.
      if (Object.getOwnPropertyDescriptor(model, name)?.value !== methods[name]) continue;
      if (descriptor === undefined) Reflect.deleteProperty(model, name);
      else Reflect.defineProperty(model, name, descriptor);
    }
  };
}

/** Agents, and those that they may hand off to. */
function agentsReachedFrom(agents: readonly unknown[]): object[] {
  const reached = new Set<object>();
  const waiting = [...agents];
  for (let agent = waiting.pop(); agent !== undefined; agent = waiting.pop()) {
    if (typeof agent !== 'object' || agent === null || reached.has(agent)) continue;
    reached.add(agent);
    const { handoffs, agent: behind } = agent as { readonly handoffs?: unknown; readonly agent?: unknown };
    if (Array.isArray(handoffs)) waiting.push(...(handoffs as unknown[]));
    // A hand-off refers to an agent.
    if (behind !== undefined) waiting.push(behind);
  }
  return [...reached];
}

function modelOf(agent: object): unknown {
  return (agent as { readonly model?: unknown }).model;
}
