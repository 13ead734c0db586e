import { createWriteStream } from 'node:fs';
import type { Command } from 'commander';
import { listByText } from '../http/text-filter';
import { CommandError, EXIT } from './command-error';
import { csvLine } from './csv';
import type { FilterOptions } from './filter-options';
import { addFilterOptions, readFilterOptions } from './filter-options';
import { plainJson } from './plain-text';
import { Progress } from './progress';
import { RUN_CSV } from './run-columns';
import type { Session } from './session';
import { withStore } from './session';
import type { Shell } from './shell';
import type { Run } from '../run';

interface ExportOptions extends FilterOptions {
  readonly format: string;
  readonly output?: string;
}

/** How many runs are read at once: memory holds no more. */
const PAGE = 500;

/** `agent-run export`: all runs, as a file. */
export function addExportCommand(program: Command, shell: Shell): void {
  const command = program
    .command('export')
    .description('write all runs, the newest first, as JSON lines (whole records) or as CSV');
  addFilterOptions(command)
    .option('--format <form>', '"jsonl" or "csv"', 'jsonl')
    .option('--output <file>', 'write to a file, which must not be there yet')
    .addHelpText(
      'after',
      '\nExamples:\n  agent-run export --format csv --since 30d --output november.csv\n' +
        '  agent-run export | gzip > runs.jsonl.gz',
    )
    .action(async (options: ExportOptions) => {
      if (options.format !== 'jsonl' && options.format !== 'csv') {
        throw new CommandError('--format must be jsonl or csv');
      }
      await withStore(shell, command, { isReadOnly: true }, (session) => exportRuns(session, options));
    });
}

async function exportRuns(session: Session, options: ExportOptions): Promise<void> {
  const { shell } = session;
  const signal = shell.interruptible();
  const filter = readFilterOptions(options, session);
  const sink = await openSink(shell, options.output);
  const progress = new Progress(shell, 'runs written', options.output !== undefined || !shell.output.isTTY);
  const isCsv = options.format === 'csv';
  if (isCsv) await sink.write(`${csvLine(RUN_CSV.heading)}\n`);
  const toText = isCsv ? csvOf : jsonOf;
  let cursor: string | null = null;
  do {
    const page = cursor === null ? { limit: PAGE } : { limit: PAGE, cursor };
    const { runs, nextCursor } = await listByText(session.store, filter, page);
    if (runs.length > 0) await sink.write(runs.map(toText).join(''));
    progress.add(runs.length);
    cursor = nextCursor;
  } while (cursor !== null && !signal.aborted);
  await sink.close();
  progress.clear();
  if (cursor !== null) throw new CommandError(`stopped: ${progress.text()}`, EXIT.interrupted);
  if (options.output !== undefined || !shell.output.isTTY) shell.note(progress.text());
}

function csvOf(run: Run): string {
  return `${csvLine(RUN_CSV.cells(run))}\n`;
}

function jsonOf(run: Run): string {
  return `${plainJson(run.toJSON())}\n`;
}

interface Sink {
  write(text: string): Promise<void>;
  close(): Promise<void>;
}

/** Where the runs go. Each write waits until there is room. */
async function openSink(shell: Shell, path: string | undefined): Promise<Sink> {
  if (path === undefined) return { write: (text) => shell.write(text), close: () => Promise.resolve() };
  const file = createWriteStream(path, { flags: 'wx', mode: 0o600 });
  await new Promise<void>((resolve, reject) => {
    file.once('open', () => resolve());
    file.once('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'EEXIST' ? 'is there already' : `cannot be written: ${error.message}`;
      reject(new CommandError(`${path} ${reason}`, EXIT.refused));
    });
  });
  const settled = (work: (done: (error?: Error | null) => void) => void): Promise<void> =>
    new Promise((resolve, reject) => {
      work((error) => (error ? reject(error) : resolve()));
    });
  return {
    write: (text) => settled((done) => file.write(text, done)),
    close: () => settled((done) => file.end(done)),
  };
}
