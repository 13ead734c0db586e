import { styleText } from 'node:util';
import type { AnyRun, TokenUsage } from 'agent-run';

export type Style = Parameters<typeof styleText>[0];

/** Where text for a person goes. */
export interface Screen {
  line(text?: string): void;
  /** The text in a style, where the screen has colours. */
  styled(style: Style, text: string): string;
}

/** Prints to the standard output; colours only on a terminal, and not where `NO_COLOR` is set. */
export function terminal(): Screen {
  const { stdout } = process;
  const colours = stdout.isTTY && stdout.hasColors();
  return {
    line: (text = '') => stdout.write(`${text}\n`),
    styled: (style, text) => (colours ? styleText(style, text) : text),
  };
}

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
    line(styled('dim', row('elapsed', 'turn', 'tokens', 'event', '')));
    this.#listen();
  }

  /** Prints a row of its own. */
  note(event: string, text: string, at = Date.now()): void {
    const { turnCount, tokenUsage, startedAt } = this.#run;
    const seconds = Math.max(0, at - startedAt.getTime()) / 1000;
    const tokens = tokensOf(tokenUsage);
    this.#screen.line(row(`${seconds.toFixed(2)} s`, String(turnCount), grouped(tokens), event, text));
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

function row(elapsed: string, turn: string, tokens: string, event: string, text: string): string {
  return `${elapsed.padStart(9)}  ${turn.padStart(4)}  ${tokens.padStart(8)}  ${event.padEnd(8)}  ${text}`.trimEnd();
}

function describeUsage(delta: TokenUsage): string {
  const cached = count(delta, 'cache_read_tokens');
  const input = `+${grouped(count(delta, 'input_tokens'))} in`;
  const output = `+${grouped(count(delta, 'output_tokens'))} out`;
  return cached > 0 ? `${input} (${grouped(cached)} cached), ${output}` : `${input}, ${output}`;
}

function tokensOf(usage: TokenUsage): number {
  return count(usage, 'input_tokens') + count(usage, 'output_tokens');
}

function count(usage: TokenUsage, counter: string): number {
  const value = usage[counter];
  return typeof value === 'number' ? value : 0;
}

function grouped(value: number): string {
  return value.toLocaleString('en-US');
}
