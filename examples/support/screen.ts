/** What the agent's output is made of: lines, colours where there are any, figures for a person. */
import { styleText } from 'node:util';
import type { RunStatus, TokenUsage } from 'agent-run';

type Style = Parameters<typeof styleText>[0];

/** Where text for a person goes. */
export interface Screen {
  line(text?: string): void;
  /** A line of a list of facts. A fact of several lines has its name on the first. */
  fact(name: string, value: string): void;
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
  const line = (text = ''): void => void output.write(`${text}\n`);
  const styled = (style: Style, text: string): string =>
    colours ? styleText(style, text, { validateStream: false }) : text;
  const fact = (name: string, value: string): void => line(`${styled('dim', name.padEnd(9))}  ${value}`);
  return { line, fact, styled };
}

const STATUS_STYLES: Readonly<Partial<Record<RunStatus, Style>>> = {
  completed: 'green',
  failed: 'red',
  timeout: 'red',
  cancelled: 'yellow',
};

/** A status in its colour. */
export function styledStatus(status: RunStatus, { styled }: Screen): string {
  return styled(STATUS_STYLES[status] ?? 'bold', status);
}

/** US dollars for a person; unknown is not zero. */
export function dollars(usd: number | null): string {
  return usd === null ? '?' : `$${usd.toFixed(5)}`;
}

/** All tokens of a run, for a person. */
export function tokensOf(usage: TokenUsage): string {
  return (countOf(usage, 'input_tokens') + countOf(usage, 'output_tokens')).toLocaleString('en-US');
}

/** A counter; 0 where it is not reported. */
export function countOf(usage: TokenUsage, counter: string): number {
  const value = usage[counter];
  return typeof value === 'number' ? value : 0;
}
