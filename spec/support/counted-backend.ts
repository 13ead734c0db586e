import { RunStore } from 'agent-run/store';
import type { RunWrite, StoreBackend } from '../../lib/store/backend';

/** A backend that counts what it is asked. */
export interface CountedBackend {
  readonly backend: StoreBackend;
  /** How often each method was called. */
  readonly calls: Map<string, number>;
  /** All that was to be written. */
  readonly writes: RunWrite[];
}

/** A store on any backend. */
export class PlainStore extends RunStore {}

/** Passes every call on, and counts it. */
export function counted(target: StoreBackend): CountedBackend {
  const calls = new Map<string, number>();
  const writes: RunWrite[] = [];
  const backend = new Proxy(target, {
    get(object, name: string) {
      const member = object[name as keyof StoreBackend] as ((...given: unknown[]) => unknown) | undefined;
      if (typeof member !== 'function') return member;
      return (...given: unknown[]): unknown => {
        calls.set(name, (calls.get(name) ?? 0) + 1);
        if (name === 'apply') writes.push(...(given[0] as readonly RunWrite[]));
        return member.apply(object, given);
      };
    },
  });
  return { backend, calls, writes };
}
