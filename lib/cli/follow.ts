import type { Command } from 'commander';
import type { Run } from '../run';
import type { JournalEntry } from '../store/journal';
import { followRun } from '../http/follow-run';
import { entryAnswer } from '../http/wire';
import { CommandError, EXIT } from './command-error';
import { plainJson, plainText } from './plain-text';
import { elapsed, errorText, statusStyle } from './run-columns';
import type { Session } from './session';
import { withStore } from './session';
import type { Shell } from './shell';
import { notFound } from './show';
import { Timeline } from './timeline';

interface FollowOptions {
  readonly run?: string;
  readonly session?: string;
  readonly after?: string;
  readonly json?: boolean;
}

/** What is followed, and from where. */
interface Subject {
  readonly runId?: string;
  readonly sessionId?: string;
  readonly after: number | 'end';
}

/** `agent-run follow`: what happens, as it happens. */
export function addFollowCommand(program: Command, shell: Shell): void {
  const command = program
    .command('follow')
    .description('print what happens to a run until it ends, or to a session, or to all, as it happens')
    .option('--run <id>', 'one run, from its beginning to its end')
    .option('--session <id>', 'all runs of a session')
    .option('--after <number>', 'from where: behind the seq of a run, or the position of all; "end" is now')
    .option('--json', 'print a JSON object for each entry, as the HTTP API sends it')
    .addHelpText(
      'after',
      '\nCtrl-C leaves the run alone.\n\n' +
        'Examples:\n  agent-run follow --run run_019a2f6e4c7d7b0e9a1f2c3d4e5f6a7b\n' +
        '  agent-run follow --session chat-42 --after end',
    )
    .action(async (options: FollowOptions) => {
      const subject = readSubject(options);
      await withStore(shell, command, { isReadOnly: true }, async (session) => {
        const run = subject.runId === undefined ? null : await session.store.get(subject.runId);
        if (subject.runId !== undefined && run === null) throw notFound(subject.runId);
        await follow(session, subject, { run, isJson: options.json === true });
      });
    });
}

function readSubject({ run, session, after }: FollowOptions): Subject {
  if (run !== undefined && session !== undefined) {
    throw new CommandError('--run and --session cannot be given together');
  }
  // One run is short and shown from its beginning. A session or a store is followed from now on.
  const start = after ?? (run === undefined ? 'end' : '0');
  if (start !== 'end' && !/^\d{1,15}$/.test(start)) {
    throw new CommandError('--after must be a number, or end');
  }
  const subject = { after: start === 'end' ? ('end' as const) : Number(start) };
  if (run !== undefined) return { ...subject, runId: run };
  return session === undefined ? subject : { ...subject, sessionId: session };
}

async function follow(
  session: Session,
  subject: Subject,
  { run, isJson }: { readonly run: Run | null; readonly isJson: boolean },
): Promise<void> {
  const { shell } = session;
  const timeline = new Timeline(session, { isOneRun: run !== null });
  if (run !== null) timeline.begin(run.id, run.startedAt);
  if (!isJson) await shell.line(timeline.heading());
  for await (const entry of entriesOf(session, subject, run)) {
    await shell.line(isJson ? plainJson(entryAnswer(entry)) : timeline.row(entry));
  }
  if (shell.wasInterrupted) throw new CommandError(leftText(run), EXIT.interrupted);
  if (run !== null && !isJson) await printEnd(session, run.id);
}

function leftText(run: Run | null): string {
  return run === null ? 'stopped following' : `stopped following; run ${run.id} goes on`;
}

async function* entriesOf(
  { store, shell }: Session,
  { runId, sessionId, after }: Subject,
  run: Run | null,
): AsyncGenerator<JournalEntry> {
  const signal = shell.interruptible();
  if (runId === undefined) {
    yield* store.watch({ ...(sessionId === undefined ? {} : { sessionId }), afterPosition: after, signal });
    return;
  }
  const followed = followRun(store, run as Run, { after, signal });
  for await (const entry of followed) if (entry !== null) yield entry;
}

async function printEnd({ store, shell, now }: Session, id: string): Promise<void> {
  const run = await store.get(id);
  if (run?.isTerminal !== true) return;
  const style = statusStyle(run.status);
  const word = style === undefined ? run.status : shell.styled(style, run.status);
  const error = errorText(run);
  await shell.line(
    `\n${plainText(id)} ${word} after ${elapsed(run, now)}${error === '' ? '' : `: ${error}`}`,
  );
}
