import type { RunStatus } from '../record/status';
import type { AnyRun } from '../run';
import type { CsvValue } from './csv';
import { count, counterOf, dollars, duration, moment, tokensOf } from './format';
import type { Clock } from './period';
import { plainText } from './plain-text';
import type { Column, Style } from './table';

const STYLES: Readonly<Partial<Record<RunStatus, Style>>> = {
  running: 'cyan',
  completed: 'green',
  failed: 'red',
  timeout: 'red',
  cancelled: 'yellow',
};

/** The colour of a status. */
export function statusStyle(status: RunStatus): Style | undefined {
  return STYLES[status];
}

/** Where a run stands, and whether it waits for somebody. */
export function statusWord(run: AnyRun): string {
  if (run.awaiting === null) return run.status;
  return run.awaiting.answer === undefined ? 'waiting' : 'answered';
}

/** How long a run took, or has taken by now. */
export function elapsed(run: AnyRun, now: Date): string {
  return duration(run.durationMs ?? now.getTime() - run.startedAt.getTime());
}

/** Why a run ended as it did, on one line; empty where nothing is said. */
export function errorText({ error }: AnyRun): string {
  if (error === null) return '';
  const { code, message, name } = error as Readonly<Record<string, unknown>>;
  const [label, text] = [code ?? name, message].map((part) =>
    typeof part === 'string' ? plainText(part) : '',
  );
  return label === '' || text === '' ? `${label ?? ''}${text ?? ''}` : `${label ?? ''}: ${text ?? ''}`;
}

/** The columns of a table of runs. */
export function runColumns({ now, isUtc }: Clock): readonly Column<AnyRun>[] {
  return [
    { title: 'ID', rank: 0, cell: (run) => plainText(run.id) },
    { title: 'STATUS', rank: 0, cell: statusWord, style: (run) => statusStyle(run.status) },
    { title: 'STARTED', rank: 1, cell: (run) => moment(run.startedAt, isUtc) },
    { title: 'TOOK', rank: 2, isNumber: true, cell: (run) => elapsed(run, now) },
    { title: 'COST', rank: 3, isNumber: true, cell: (run) => dollars(run.costUsd) },
    { title: 'TOKENS', rank: 5, isNumber: true, cell: (run) => tokensIn(run) },
    { title: 'TURNS', rank: 6, isNumber: true, cell: (run) => count(run.turnCount) },
    { title: 'SESSION', rank: 4, canShrink: true, cell: (run) => plainText(run.sessionId) },
    { title: 'ERROR', rank: 7, canShrink: true, cell: errorText, style: () => 'red' },
  ];
}

/** The columns of runs in CSV. They only ever get more, behind those that are there. */
export const RUN_CSV = {
  heading: [
    'id',
    'session_id',
    'status',
    'provider',
    'parent_run_id',
    'root_run_id',
    'started_at',
    'running_at',
    'ended_at',
    'duration_ms',
    'turn_count',
    'input_tokens',
    'output_tokens',
    'total_tokens',
    'cache_read_tokens',
    'cache_write_tokens',
    'reasoning_tokens',
    'requests',
    'unpriced_requests',
    'cost_usd',
    'error_code',
    'error_message',
    'metadata',
  ],
  cells: (run: AnyRun): readonly CsvValue[] => [
    run.id,
    run.sessionId,
    run.status,
    run.provider,
    run.parentRunId,
    run.rootRunId,
    run.startedAt.toISOString(),
    run.runningAt?.toISOString(),
    run.endedAt?.toISOString(),
    run.durationMs,
    run.turnCount,
    ...COUNTERS.map((name) => counterOf(run.tokenUsage, name)),
    run.costUsd,
    textOf(run.error, 'code'),
    textOf(run.error, 'message'),
    JSON.stringify(run.metadata),
  ],
} as const;

const COUNTERS = [
  'input_tokens',
  'output_tokens',
  'total_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'reasoning_tokens',
  'requests',
  'unpriced_requests',
] as const;

function tokensIn({ tokenUsage }: AnyRun): string {
  const tokens = tokensOf(tokenUsage);
  return tokens === null ? '?' : count(tokens);
}

function textOf(payload: object | null, name: string): string | null {
  const value = (payload as Readonly<Record<string, unknown>> | null)?.[name];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null;
}
