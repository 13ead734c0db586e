import type { Command } from 'commander';
import type { RunStore } from '../store/store';
import { CommandError, EXIT } from './command-error';
import { openStore, storeMessage } from './open-store';
import type { Clock } from './period';
import type { Shell } from './shell';
import type { StoreAddress } from './store-address';
import { readAddress } from './store-address';

/** The options that stand before every command. */
export interface GlobalOptions {
  readonly store?: string;
  readonly utc?: boolean;
}

/** What a command works with: an open store, the terminal, and how times are read and shown. */
export interface Session extends Clock {
  readonly shell: Shell;
  readonly store: RunStore;
}

/**
 * Opens the store that the command names, and closes it when the work is done.
 *
 * @throws {CommandError} for everything that a store says no to, its secrets left out
 */
export async function withStore(
  shell: Shell,
  command: Command,
  { isReadOnly }: { readonly isReadOnly: boolean },
  work: (session: Session) => Promise<void>,
): Promise<void> {
  const { store: named, utc: isUtc = false } = command.optsWithGlobals<GlobalOptions>();
  const address = readAddress(named, shell.environment);
  let store: RunStore | undefined;
  try {
    store = openStore(address, isReadOnly);
    await work({ shell, store, now: new Date(), isUtc });
  } catch (error) {
    throw refusal(error, address);
  } finally {
    await store?.close().catch(() => undefined);
  }
}

function refusal(error: unknown, address: StoreAddress): CommandError {
  if (error instanceof CommandError) return error;
  return new CommandError(storeMessage(error, address), EXIT.refused);
}
