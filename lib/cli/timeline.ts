import type { RunStatus } from '../record/status';
import { isRunStatus } from '../record/status';
import type { JournalEntry } from '../store/journal';
import { entryText } from './entry-text';
import { count, dollars, duration, moment, tokensOf } from './format';
import { cutText, plainJson, plainText } from './plain-text';
import { statusStyle } from './run-columns';
import type { Session } from './session';
import type { Style } from './table';
import type { TokenUsage } from '../record/token-usage';

/** The widths of the columns; a negative one is aligned to the left. */
const WIDTHS = { elapsed: 9, moment: -20, run: -12, turn: 4, tokens: 9, cost: 9, event: -8 } as const;

/** The figures of a run, as far as its entries so far tell them. */
interface Figures {
  turn: string;
  tokens: string;
  cost: string;
  startedAt: number | null;
}

/** A row for each entry of a journal: one run's life by the time since it began, several by the clock. */
export class Timeline {
  readonly #session: Session;
  readonly #isOneRun: boolean;
  readonly #figures = new Map<string, Figures>();

  constructor(session: Session, { isOneRun }: { readonly isOneRun: boolean }) {
    this.#session = session;
    this.#isOneRun = isOneRun;
  }

  /** Says when a run began whose first entries are not shown. */
  begin(runId: string, startedAt: Date): void {
    this.#figuresOf(runId).startedAt = startedAt.getTime();
  }

  heading(): string {
    const cells = this.#isOneRun ? ['elapsed'] : ['time', 'run'];
    return this.#session.shell.styled('dim', this.#row(cells, ['turn', 'tokens', 'cost', 'event', '']));
  }

  row(entry: JournalEntry): string {
    const figures = this.#figuresOf(entry.runId);
    update(figures, entry);
    const { turn, tokens, cost, startedAt } = figures;
    const cells = this.#isOneRun
      ? [duration(entry.at - (startedAt ?? entry.at))]
      : [moment(new Date(entry.at), this.#session.isUtc), shortId(entry.runId)];
    const { event, text, status } = entryText(entry);
    return this.#row(cells, [turn, tokens, cost, event, text], status);
  }

  #row(first: readonly string[], rest: readonly string[], status?: RunStatus | 'good' | 'bad'): string {
    const { shell } = this.#session;
    const [turn = '', tokens = '', cost = '', event = '', text = ''] = rest;
    const leading = this.#isOneRun
      ? [padded(first[0], WIDTHS.elapsed)]
      : [padded(first[0], WIDTHS.moment), padded(first[1], WIDTHS.run)];
    const columns = [
      ...leading,
      padded(turn, WIDTHS.turn),
      padded(tokens, WIDTHS.tokens),
      padded(cost, WIDTHS.cost),
      padded(event, WIDTHS.event),
    ].join('  ');
    const shown = cutText(text, Math.max(10, shell.width - columns.length - 2));
    const style = styleOf(status);
    return `${columns}  ${style === undefined ? shown : shell.styled(style, shown)}`.trimEnd();
  }

  #figuresOf(runId: string): Figures {
    const known = this.#figures.get(runId);
    if (known !== undefined) return known;
    const figures: Figures = { turn: '', tokens: '', cost: '', startedAt: null };
    // A store may be followed for weeks: only the newest runs are remembered.
    const [oldest] = this.#figures.keys();
    if (this.#figures.size >= 1000 && oldest !== undefined) this.#figures.delete(oldest);
    this.#figures.set(runId, figures);
    return figures;
  }
}

function update(figures: Figures, { type, data, at }: JournalEntry): void {
  figures.startedAt ??= at;
  if (type === 'turnIncremented') figures.turn = plainJson(data['turnCount']);
  if (type !== 'usageUpdated') return;
  const tokens = tokensOf((data['tokenUsage'] ?? {}) as TokenUsage);
  figures.tokens = tokens === null ? '?' : count(tokens);
  const cost = data['costUsd'];
  figures.cost = dollars(typeof cost === 'number' ? cost : null);
}

function styleOf(status: RunStatus | 'good' | 'bad' | undefined): Style | undefined {
  if (status === undefined) return undefined;
  if (isRunStatus(status)) return statusStyle(status);
  return status === 'good' ? 'green' : 'red';
}

/** The end of an id, which differs where the beginning is a time. */
function shortId(id: string): string {
  const text = plainText(id);
  return text.length <= 12 ? text : `…${text.slice(-11)}`;
}

function padded(cell = '', width: number): string {
  return width < 0 ? cell.padEnd(-width) : cell.padStart(width);
}
