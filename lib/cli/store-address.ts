import { existsSync } from 'node:fs';
import { CommandError } from './command-error';

/** Where a store is. */
export type StoreAddress =
  | { readonly kind: 'sqlite'; readonly path: string; readonly tablePrefix: string | undefined }
  | {
      readonly kind: 'postgres';
      readonly connectionString: string;
      readonly schema: string | undefined;
      readonly tablePrefix: string | undefined;
      /** The passwords in it, which must never be shown, encoded and decoded. */
      readonly secrets: readonly string[];
    };

const POSTGRES = /^postgres(?:ql)?:\/\//i;
const SCHEME = /^([a-z][a-z0-9+.-]+):\/\//i;

/**
 * Reads what `--store` or the environment names.
 *
 * @throws {CommandError}
 */
export function readAddress(option: string | undefined, environment: NodeJS.ProcessEnv): StoreAddress {
  const text = option ?? environment['AGENT_RUN_STORE'] ?? '';
  if (text === '') {
    throw new CommandError(
      'say which store: --store runs.db, --store postgres://user:password@host/database, or AGENT_RUN_STORE',
    );
  }
  if (POSTGRES.test(text)) return postgresAddress(text);
  const [, scheme] = SCHEME.exec(text) ?? [];
  if (scheme !== undefined) {
    throw new CommandError(`there is no store for ${scheme}://: give the path of a file, or postgres://…`);
  }
  return sqliteAddress(text);
}

function postgresAddress(text: string): StoreAddress {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null) {
    throw new CommandError(
      'the URL of the store cannot be read: it must be postgres://user:password@host:port/database, ' +
        'special letters percent-encoded',
    );
  }
  const take = (name: string): string | undefined => {
    const value = url.searchParams.get(name) ?? undefined;
    url.searchParams.delete(name);
    return value;
  };
  const [schema, tablePrefix] = [take('schema'), take('table_prefix')];
  const secrets = [url.password, decoded(url.password), url.searchParams.get('password') ?? ''];
  return {
    kind: 'postgres',
    connectionString: url.href,
    schema,
    tablePrefix,
    secrets: [...new Set(secrets)].filter((secret) => secret !== ''),
  };
}

/**
 * Reads a path. What follows a `?`, as in `runs.db?table_prefix=x_`, are settings, unless there is a file
 * of that whole name.
 */
function sqliteAddress(text: string): StoreAddress {
  const match = /^(.+)\?table_prefix=(\w+)$/.exec(text);
  const [path, tablePrefix] =
    match === null || existsSync(text) ? [text, undefined] : [match[1] as string, match[2]];
  return { kind: 'sqlite', path, tablePrefix };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
