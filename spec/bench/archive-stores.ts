/** Stores that hold many runs, which several parts read and none changes: to fill one takes its time. */
import { Scratch } from './scratch';
import type { StorePlace } from './store-place';

let scratch: Promise<Scratch> | null = null;
const filled = new Map<string, Promise<StorePlace>>();

/** The store of the kind that holds so many runs, filled when it is first asked for. */
export function archiveStore(kind: StorePlace['kind'], runs: number): Promise<StorePlace> {
  const name = `${kind} ${runs}`;
  let store = filled.get(name);
  if (store === undefined) {
    scratch ??= Scratch.open();
    store = scratch.then((open) => open.fill(kind, runs));
    filled.set(name, store);
  }
  return store;
}

/** Removes them, after the last part. */
export async function removeArchiveStores(): Promise<void> {
  await (await scratch)?.close();
}
