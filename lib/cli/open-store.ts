import { statSync } from 'node:fs';
import { RunError } from '../record/error';
import { PostgresRunStore } from '../store/postgres/postgres-run-store';
import { SqliteRunStore } from '../store/sqlite/sqlite-run-store';
import type { RunStore } from '../store/store';
import { CommandError, EXIT } from './command-error';
import type { StoreAddress } from './store-address';

/** How long a database may be away before the command says so, in milliseconds. */
const PATIENCE_MS = 3000;

/**
 * Opens a store that is there.
 *
 * @param isReadOnly - Whether nothing will be written: a file is then opened for reading alone.
 * @throws {CommandError} for a file that is missing; {RunError} for one that is no store
 */
export function openStore(address: StoreAddress, isReadOnly: boolean): RunStore {
  const { tablePrefix } = address;
  const prefix = tablePrefix === undefined ? {} : { tablePrefix };
  if (address.kind === 'sqlite') {
    checkFile(address.path);
    const options = {
      path: address.path,
      ...(isReadOnly ? { readOnly: true } : { mustExist: true }),
      ...prefix,
    };
    return new SqliteRunStore(options);
  }
  const { connectionString, schema } = address;
  return new PostgresRunStore({
    connectionString,
    retryForMs: PATIENCE_MS,
    mustExist: true,
    ...prefix,
    ...(schema === undefined ? {} : { schema }),
  });
}

/** Refuses a file that is not there: a misspelt name must not become a new, empty store. */
function checkFile(path: string): void {
  const file = statSync(path, { throwIfNoEntry: false });
  if (file === undefined) throw new CommandError(`there is no file ${path}`, EXIT.refused);
  if (!file.isFile()) throw new CommandError(`${path} is no file`, EXIT.refused);
}

const ADVICE: readonly (readonly [pattern: RegExp, advice: string])[] = [
  [
    /password authentication failed|no password supplied|SASL|pg_hba/i,
    'check the user and the password in the URL',
  ],
  [/database .* does not exist/i, 'check the name of the database in the URL'],
  [
    /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ETIMEDOUT/,
    'check host and port, and that the server runs',
  ],
  [/no tables of agent-run/, 'check the name, and the schema and table_prefix behind "?"'],
  [/file is not a database|file is encrypted/i, 'it is no SQLite file'],
  [/permission denied|readonly database|read-only/i, 'check the rights of this user'],
];

/** What went wrong with a store, on one line, with what to do about it and without its password. */
export function storeMessage(error: unknown, address: StoreAddress | undefined): string {
  const message = error instanceof Error ? error.message : String(error);
  const cause = error instanceof RunError && error.code === 'storage_error' ? error.cause : undefined;
  const code = (cause as { code?: unknown } | undefined)?.code;
  const seen = typeof code === 'string' ? `${message} ${code}` : message;
  const [, advice] = ADVICE.find(([pattern]) => pattern.test(seen)) ?? [];
  return withoutSecrets(advice === undefined ? message : `${message} (${advice})`, address);
}

function withoutSecrets(message: string, address: StoreAddress | undefined): string {
  const secrets = address?.kind === 'postgres' ? address.secrets : [];
  return secrets.reduce((text, secret) => text.replaceAll(secret, '***'), message);
}
