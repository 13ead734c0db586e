import { formatShare, plural } from './format';
import type { RunRecord, Status, SummaryRow } from './records';
import { STATUSES, errorName, textAt } from './records';

export type Tone = 'good' | 'attention' | 'bad';

export interface Verdict {
  readonly tone: Tone;
  readonly text: string;
}

export type StatusCounts = Readonly<Record<Status, number>>;

/** How many ended runs it takes before a share of failures means anything. */
const ENOUGH = 5;
const BAD_SHARE = 0.2;

/** How many runs have each status. */
export function countsOf(rows: readonly SummaryRow[]): StatusCounts {
  const counts = Object.fromEntries(STATUSES.map((status) => [status, 0])) as Record<Status, number>;
  for (const { group, runs } of rows) {
    const status = STATUSES.find((known) => known === group['status']);
    if (status) counts[status] += runs;
  }
  return counts;
}

/** Runs that did not do what they were to do. */
export function troubles(counts: StatusCounts): number {
  return counts.failed + counts.timeout;
}

function ended(counts: StatusCounts): number {
  return troubles(counts) + counts.completed + counts.cancelled;
}

export interface VerdictFacts {
  /** Runs whose process is dead or silent. */
  readonly stuck: number;
  /** Runs that wait for a person; `more` where that was only the first page. */
  readonly waiting: number;
  readonly more: boolean;
  /** What started in the last hour. */
  readonly lastHour: StatusCounts;
  /** How many runs there are in the range shown; null while that is not known. */
  readonly runs: number | null;
}

/** What is wrong, in a sentence. */
export function verdictOf({ stuck, waiting, more, lastHour, runs }: VerdictFacts): Verdict {
  const failed = troubles(lastHour);
  const share = failed / Math.max(1, ended(lastHour));
  const parts: string[] = [];
  if (stuck > 0) parts.push(`${plural(stuck, 'run')} ${stuck === 1 ? 'is' : 'are'} stuck`);
  if (failed > 0) {
    parts.push(
      `${plural(failed, 'run')} failed in the last hour (${formatShare(share)} of those that ended)`,
    );
  }
  if (waiting > 0) {
    parts.push(
      `${plural(waiting, 'run')}${more ? ' or more' : ''} ${waiting === 1 && !more ? 'waits' : 'wait'} for a person`,
    );
  }
  if (parts.length === 0) return { tone: 'good', text: calm(lastHour, runs) };
  const bad = stuck > 0 || (share >= BAD_SHARE && ended(lastHour) >= ENOUGH);
  return { tone: bad ? 'bad' : 'attention', text: `${capital(listed(parts))}.` };
}

function calm(lastHour: StatusCounts, runs: number | null): string {
  if (runs === 0) return 'No runs in this time.';
  const count = ended(lastHour);
  const first = 'All is well: nothing is stuck, nothing failed in the last hour, nobody is waited for.';
  return count === 0 ? first : `${first} ${plural(count, 'run')} ended in it.`;
}

function listed(parts: readonly string[]): string {
  if (parts.length < 2) return parts[0] ?? '';
  return `${parts.slice(0, -1).join(', ')} and ${parts.at(-1) ?? ''}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Failures of one kind: errors of the same name. */
export interface FailureGroup {
  readonly name: string;
  /** The newest of them. */
  readonly latest: RunRecord;
  readonly message: string;
  readonly count: number;
}

const HOUR = 3_600_000;

/** Failed runs by what they failed with: what still fails within the hour first, then the most frequent. */
export function groupFailures(runs: readonly RunRecord[], now: number): FailureGroup[] {
  const groups = new Map<string, RunRecord[]>();
  for (const run of runs) {
    const name = run.error === null ? run.status : errorName(run.error);
    groups.set(name, [...(groups.get(name) ?? []), run]);
  }
  const found = [...groups].flatMap(([name, [latest, ...others]]) =>
    latest
      ? [{ name, latest, message: textAt(latest.error, 'message') ?? '', count: others.length + 1 }]
      : [],
  );
  const isRecent = ({ latest }: FailureGroup): boolean =>
    now - Date.parse(latest.ended_at ?? latest.started_at) < HOUR;
  return found.sort(
    (one, other) => Number(isRecent(other)) - Number(isRecent(one)) || other.count - one.count,
  );
}
