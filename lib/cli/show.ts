import type { Command } from 'commander';
import { runAnswer } from '../http/wire';
import { CommandError, EXIT } from './command-error';
import type { AnyRun } from '../run';
import type { RunLease } from '../store/inspection';
import { count, dollars, moment, usageInWords } from './format';
import { plainJson, plainText } from './plain-text';
import { elapsed, errorText, statusStyle, statusWord } from './run-columns';
import type { Session } from './session';
import { withStore } from './session';
import type { Shell } from './shell';

interface ShowOptions {
  readonly json?: boolean;
  readonly full?: boolean;
}

/** A payload that is longer, in lines, is cut unless it is asked for whole. */
const LINES = 12;
const NAME_WIDTH = 10;

/** `agent-run show`: everything about one run. */
export function addShowCommand(program: Command, shell: Shell): void {
  const command = program
    .command('show')
    .description('show one run: how it stands, what it cost, what went in and came out')
    .argument('<id>', 'the id of the run')
    .option('--json', 'print JSON, as the HTTP API answers it')
    .option('--full', 'print long payloads whole')
    .addHelpText('after', '\nExample:\n  agent-run show run_019a2f6e4c7d7b0e9a1f2c3d4e5f6a7b')
    .action(async (id: string, options: ShowOptions) => {
      await withStore(shell, command, { isReadOnly: true }, async (session) => {
        const found = await session.store.inspect(id);
        if (found === null) throw notFound(id);
        if (options.json === true) return shell.line(plainJson(showAnswer(found), 2));
        for (const line of await factsOf(session, found, options.full === true)) await shell.line(line);
      });
    });
}

/** The error of an id that the store does not have. */
export function notFound(id: string): CommandError {
  return new CommandError(`the store has no run ${id.slice(0, 200)}`, EXIT.refused);
}

interface Found {
  readonly run: AnyRun;
  readonly lease: RunLease | null;
}

function showAnswer({ run, lease }: Found): object {
  const leaseAnswer =
    lease === null ? null : { owner: lease.owner, expires_at: lease.expiresAt.toISOString() };
  return { run: runAnswer(run), lease: leaseAnswer };
}

async function factsOf(session: Session, { run, lease }: Found, isFull: boolean): Promise<string[]> {
  const { shell, isUtc } = session;
  const time = (date: Date | null): string | null => (date === null ? null : moment(date, isUtc));
  const facts: (readonly [string, string | null])[] = [
    ['status', headline(session, run)],
    ['error', errorText(run) === '' ? null : shell.styled('red', errorText(run))],
    ['session', plainText(run.sessionId)],
    ['provider', run.provider === null ? null : plainText(run.provider)],
    ['started', time(run.startedAt)],
    ['ended', time(run.endedAt)],
    ['turns', count(run.turnCount)],
    ['tokens', Object.keys(run.tokenUsage).length === 0 ? '?' : usageInWords(run.tokenUsage)],
    ['cost', dollars(run.costUsd)],
    ...modelFacts(run),
    ['held by', lease === null || run.isTerminal ? null : leaseText(session, lease)],
    ...awaitingFacts(session, run),
    ['child of', run.parentRunId === null ? null : plainText(run.parentRunId)],
    ['children', await childrenText(session, run)],
  ];
  const lines = facts.flatMap(([name, value]) => (value === null ? [] : [fact(shell, name, value)]));
  return [shell.styled('bold', plainText(run.id)), ...lines, ...payloadLines(shell, run, isFull)];
}

function fact(shell: Shell, name: string, value: string): string {
  return `${shell.styled('dim', name.padEnd(NAME_WIDTH))}${value}`;
}

function headline({ shell, now }: Session, run: AnyRun): string {
  const style = statusStyle(run.status);
  const word = statusWord(run);
  const shown = style === undefined ? word : shell.styled(style, word);
  return `${shown} ${run.isTerminal ? 'after' : 'since'} ${elapsed(run, now)}`;
}

function modelFacts(run: AnyRun): (readonly [string, string])[] {
  const byModel = run.toJSON().usage_by_model ?? {};
  return Object.entries(byModel).map(([model, usage]) => {
    const { cost_usd: cost = null, ...counters } = usage as Readonly<Record<string, never>>;
    return ['', `${plainText(model)}: ${usageInWords(counters)}, ${dollars(cost)}`] as const;
  });
}

function leaseText({ isUtc, now }: Session, { owner, expiresAt }: RunLease): string {
  const word = expiresAt < now ? 'ran out' : 'until';
  return `${plainText(owner)}, ${word} ${moment(expiresAt, isUtc)}`;
}

function awaitingFacts({ isUtc }: Session, run: AnyRun): (readonly [string, string])[] {
  const { awaiting } = run;
  if (awaiting === null) return [];
  const expiry = awaiting.expiresAt === null ? '' : `, until ${moment(awaiting.expiresAt, isUtc)}`;
  const what = `${plainText(awaiting.reason ?? 'an answer')}, since ${moment(awaiting.since, isUtc)}${expiry}`;
  const how =
    awaiting.answer === undefined ? `agent-run answer ${plainText(run.id)} '{"approved":true}'` : null;
  return [['waits for', what], ...(how === null ? [] : [['', how] as const])];
}

async function childrenText({ store }: Session, run: AnyRun): Promise<string | null> {
  const { runs, nextCursor } = await store.list({ parentRunId: run.id, limit: 20 });
  const names = runs.map((child) => `${plainText(child.id)} (${child.status})`);
  if (names.length === 0) return null;
  return [...names, ...(nextCursor === null ? [] : ['…'])].join(`\n${' '.repeat(NAME_WIDTH)}`);
}

function payloadLines(shell: Shell, run: AnyRun, isFull: boolean): string[] {
  const payloads = {
    metadata: run.metadata,
    input: run.input,
    output: run.output,
    error: run.error,
    data: run.awaiting?.data ?? null,
  };
  return Object.entries(payloads).flatMap(([name, payload]) => {
    if (payload === null || Object.keys(payload).length === 0) return [];
    const lines = plainJson(payload, 2).split('\n');
    const shown = isFull ? lines : lines.slice(0, LINES);
    const left = lines.length - shown.length;
    return [
      shell.styled('dim', name),
      ...shown,
      ...(left > 0 ? [`… ${count(left)} more lines: --full`] : []),
    ];
  });
}
