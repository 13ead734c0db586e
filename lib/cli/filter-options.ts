import type { Command } from 'commander';
import type { TextFilter } from '../http/text-filter';
import { withoutUndefined } from '../http/filter-query';
import { setMember } from '../record/json';
import type { RunStatus } from '../record/status';
import { isRunStatus, RUN_STATUSES } from '../record/status';
import { CommandError } from './command-error';
import type { Clock } from './period';
import { readMoment } from './period';

/** The options by which runs are chosen. */
export interface FilterOptions {
  readonly session?: string;
  readonly status?: string;
  readonly provider?: string;
  readonly parent?: string;
  readonly root?: string;
  readonly rootsOnly?: boolean;
  readonly metadata?: readonly string[];
  readonly awaiting?: string;
  readonly since?: string;
  readonly until?: string;
}

/** Adds the options by which runs are chosen. */
export function addFilterOptions(command: Command): Command {
  return command
    .option('--session <id>', 'runs of this session')
    .option('--status <words>', `runs that stand here, several with commas: ${RUN_STATUSES.join(', ')}`)
    .option('--provider <name>', 'runs of this provider')
    .option('--parent <id>', 'the children of this run')
    .option('--root <id>', 'this run and all its descendants')
    .option('--roots-only', "runs that are nobody's child")
    .option('--metadata <name=value>', 'runs whose metadata says so; may be given again', collect)
    .option('--awaiting <what>', 'parked runs: those that wait for an "answer", or to "resume" with theirs')
    .option(
      '--since <when>',
      'started at or after: 7d, 12h, today, yesterday, 2026-01-31, "2026-01-31 09:00"',
    )
    .option('--until <when>', 'started before');
}

/**
 * The filter that the options say.
 *
 * @throws {CommandError}
 */
export function readFilterOptions(options: FilterOptions, clock: Clock): TextFilter {
  const { since, until, awaiting } = options;
  if (awaiting !== undefined && awaiting !== 'answer' && awaiting !== 'resume') {
    throw new CommandError('--awaiting must be "answer" or "resume"');
  }
  return withoutUndefined({
    sessionId: options.session,
    status: readStatuses(options.status),
    provider: options.provider,
    parentRunId: options.parent,
    rootRunId: options.root,
    rootsOnly: options.rootsOnly,
    metadata: readMetadata(options.metadata ?? []),
    awaiting,
    startedFrom: since === undefined ? undefined : readMoment(since, '--since', clock),
    startedBefore: until === undefined ? undefined : readMoment(until, '--until', clock),
  });
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

function readStatuses(text: string | undefined): RunStatus | readonly RunStatus[] | undefined {
  if (text === undefined) return undefined;
  const words = [...new Set(text.split(',').map((word) => word.trim()))];
  if (!words.every(isRunStatus)) throw new CommandError(`--status must be of ${RUN_STATUSES.join(', ')}`);
  return words.length > 1 ? words : words[0];
}

function readMetadata(pairs: readonly string[]): TextFilter['metadata'] {
  if (pairs.length === 0) return undefined;
  const members = {};
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    if (equals < 1) throw new CommandError('--metadata must be like plan=pro');
    setMember(members, pair.slice(0, equals), pair.slice(equals + 1));
  }
  return members;
}
