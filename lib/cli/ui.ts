import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import { createRunHandler } from '../http/run-handler';
import { CommandError, EXIT } from './command-error';
import { withStore } from './session';
import type { Shell } from './shell';
import type { UiServer } from './ui-server';
import { startUiServer } from './ui-server';

interface UiOptions {
  readonly port: string;
  readonly open?: boolean;
  readonly readOnly?: boolean;
}

/** What opens an address in a browser, by `process.platform`. */
const OPENERS: Readonly<Record<string, readonly string[]>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
};

/** `agent-run ui`: the page, for whoever sits at this machine. */
export function addUiCommand(program: Command, shell: Shell): void {
  const command = program
    .command('ui')
    .description('serve the page on this machine alone, and print its address; Ctrl-C stops it')
    .option('--port <number>', 'the port; 0 for a free one', '0')
    .option('--open', 'open the page in the browser')
    .option('--read-only', 'without cancelling and answering')
    .addHelpText('after', '\nExample:\n  agent-run --store runs.db ui --open')
    .action(async (options: UiOptions) => {
      const port = readPort(options.port);
      const isReadOnly = options.readOnly === true;
      await withStore(shell, command, { isReadOnly }, async ({ store }) => {
        // Asks once, so that a store which does not answer is reported here and not in the browser.
        await store.list({ limit: 1 });
        const handler = createRunHandler({
          store,
          authorize: () => true,
          actions: !isReadOnly,
          onError: (error) => shell.fail(error instanceof Error ? error.message : String(error)),
        });
        await serve(shell, await started(handler, port), options.open === true);
      });
    });
}

function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (port <= 65_535) return port;
  throw new CommandError('--port must be a number from 0 to 65535');
}

async function started(handler: Parameters<typeof startUiServer>[0], port: number): Promise<UiServer> {
  try {
    return await startUiServer(handler, randomBytes(24).toString('base64url'), port);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason =
      code === 'EADDRINUSE' ? 'is taken' : code === 'EACCES' ? 'is not allowed' : `cannot be used`;
    throw new CommandError(`port ${port} ${reason}`, EXIT.refused);
  }
}

async function serve(shell: Shell, server: UiServer, opens: boolean): Promise<void> {
  const stopped = shell.interruptible();
  await shell.line(server.url);
  shell.note('Ctrl-C stops it. Whoever has the address is let in.');
  if (opens) openPage(shell, server.url);
  await new Promise<void>((resolve) => {
    stopped.addEventListener('abort', () => resolve(), { once: true });
  });
  await server.close();
  throw new CommandError('stopped', EXIT.interrupted);
}

function openPage(shell: Shell, url: string): void {
  const [program = '', ...parameters] = OPENERS[process.platform] ?? ['xdg-open'];
  const browser = spawn(program, [...parameters, url], { stdio: 'ignore', detached: true });
  browser.once('error', () => shell.note('No browser could be opened: go to the address above.'));
  browser.unref();
}
