import type { AnyRun, TokenUsage } from 'agent-run';
import type { Screen } from './screen';
import { countOf, dollars, styledStatus, tokensOf } from './screen';

/** Of elapsed time, turn, tokens, cost, event and text; negative is to the left. */
const WIDTHS = [9, 4, 8, 9, -8] as const;

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
    const elapsed = `${seconds.toFixed(2)} s`;
    this.#screen.line(row(elapsed, String(turnCount), tokensOf(tokenUsage), dollars(costUsd), event, text));
  }

  #listen(): void {
    const { styled } = this.#screen;
    const run = this.#run;
    run.on('statusChanged', ({ from, to, at }) => {
      this.note('status', `${from} → ${styledStatus(to, this.#screen)}`, at);
    });
    run.on('turnIncremented', ({ turnCount, at }) => {
      this.note('turn', styled('bold', String(turnCount)), at);
    });
    run.on('usageUpdated', ({ delta, at }) => this.note('usage', describeUsage(delta), at));
    run.on('stepStarted', ({ step, at }) => this.note('step', `${step.name} begins`, at));
    run.on('stepEnded', ({ step, at }) => {
      this.note('step', `${step.name} ${styledStatus(step.status, this.#screen)}`, at);
    });
    run.on('noted', ({ name, at }) => this.note('note', name, at));
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

function describeUsage(delta: TokenUsage): string {
  if (Object.keys(delta).length === 0) return 'the cost';
  const [input, output, cached] = ['input_tokens', 'output_tokens', 'cache_read_tokens'].map((name) =>
    countOf(delta, name).toLocaleString('en-US'),
  );
  const ofThem = 'cache_read_tokens' in delta ? ` (${cached!} cached)` : '';
  return `+${input!} in${ofThem}, +${output!} out`;
}
