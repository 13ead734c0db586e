import { styleText } from 'node:util';
import type { AnyRun, TokenUsage } from 'agent-run';

export type Style = Parameters<typeof styleText>[0];

/** Where text for a person goes. */
export interface Screen {
  line(text?: string): void;
  /** The text in a style, where the screen has colours. */
  styled(style: Style, text: string): string;
}

/** Where a screen writes to: the standard output, or what a test puts in its place. */
type Output = Pick<NodeJS.WriteStream, 'write' | 'on' | 'isTTY' | 'hasColors'>;

/** Prints to the standard output; colours only on a terminal, and not where `NO_COLOR` is set. */
export function terminal(output: Output = process.stdout): Screen {
  const colours = output.isTTY && output.hasColors();
  // A reader that has seen enough (`| head`) is no reason to stop.
  output.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  return {
    line: (text = '') => output.write(`${text}\n`),
    styled: (style, text) => (colours ? styleText(style, text, { validateStream: false }) : text),
  };
}

/** Of elapsed time, turn, tokens, cost, event and text; negative is to the left. */
const WIDTHS = [9, 4, 8, 9, -8] as const;

const STATUS_STYLES: Readonly<Record<string, Style>> = {
  completed: 'green',
  failed: 'red',
  timeout: 'red',
  cancelled: 'yellow',
};

/** A table of what happens to a run, a row as it happens. */
export class Timeline {
  readonly #run: AnyRun;
  readonly #screen: Screen;

  constructor(run: AnyRun, screen: Screen) {
    this.#run = run;
    this.#screen = screen;
  }

  /** Prints the heading, and from here on a row for every event of the run. */
  start(): void {
    const { line, styled } = this.#screen;
    line(styled('dim', row('elapsed', 'turn', 'tokens', 'cost', 'event', '')));
    this.#listen();
  }

  /** Prints a row of its own. */
  note(event: string, text: string, at = Date.now()): void {
    const { turnCount, tokenUsage, costUsd, startedAt } = this.#run;
    const seconds = Math.max(0, at - startedAt.getTime()) / 1000;
    const tokens = tokensOf(tokenUsage).toLocaleString('en-US');
    const elapsed = `${seconds.toFixed(2)} s`;
    this.#screen.line(row(elapsed, String(turnCount), tokens, dollars(costUsd), event, text));
  }

  #listen(): void {
    const { styled } = this.#screen;
    const run = this.#run;
    run.on('statusChanged', ({ from, to, at }) => {
      this.note('status', `${from} → ${styled(STATUS_STYLES[to] ?? 'bold', to)}`, at);
    });
    run.on('turnIncremented', ({ turnCount, at }) => {
      this.note('turn', styled('bold', String(turnCount)), at);
    });
    run.on('usageUpdated', ({ delta, at }) => this.note('usage', describeUsage(delta), at));
    run.on('attributesChanged', ({ names, at }) => this.note('changed', names.join(', '), at));
    run.on('limitApproaching', ({ limit, actual, allowed, at }) => {
      this.note('limit', styled('yellow', `${limit}: ${actual} of ${allowed} used`), at);
    });
    run.on('listenerError', ({ event, error }) => {
      this.note('listener', styled('red', `${event}: ${String(error)}`));
    });
  }
}

/** A row of the table: numbers to the right, words to the left. */
function row(...cells: readonly string[]): string {
  return cells
    .map((cell, index) => padded(cell, WIDTHS[index]))
    .join('  ')
    .trimEnd();
}

function padded(cell: string, width = 0): string {
  return width < 0 ? cell.padEnd(-width) : cell.padStart(width);
}

/** US dollars for a person; unknown is not zero. */
export function dollars(usd: number | null): string {
  return usd === null ? '?' : `$${usd.toFixed(5)}`;
}

function describeUsage(delta: TokenUsage): string {
  if (Object.keys(delta).length === 0) return 'the cost';
  const [input, output, cached] = ['input_tokens', 'output_tokens', 'cache_read_tokens'].map((name) =>
    count(delta, name).toLocaleString('en-US'),
  );
  return `+${input!} in (${cached!} cached), +${output!} out`;
}

/** All tokens of a run, for a person. */
export function tokensOf(usage: TokenUsage): number {
  return count(usage, 'input_tokens') + count(usage, 'output_tokens');
}

function count(usage: TokenUsage, counter: string): number {
  const value = usage[counter];
  return typeof value === 'number' ? value : 0;
}
