import type { Run } from 'agent-run';
import type { ReportedTotals } from './event';

/** What was counted, beside what the agent itself reported. */
export function totalsTable(run: Run, reported: ReportedTotals | null): string[] {
  const { turnCount, tokenUsage, costUsd } = run;
  const rows: [string, unknown, number | undefined][] = [
    ['turns', turnCount, reported?.turns],
    ['input tokens', tokenUsage['input_tokens'], reported?.inputTokens],
    ['  from a cache', tokenUsage['cache_read_tokens'], reported?.cacheReadTokens],
    ['  to a cache', tokenUsage['cache_write_tokens'], reported?.cacheWriteTokens],
    ['output tokens', tokenUsage['output_tokens'], reported?.outputTokens],
    ['total tokens', tokenUsage['total_tokens'], reported?.totalTokens],
    ['cost in USD', costUsd, reported?.costUsd],
    ['requests without a price', tokenUsage['unpriced_requests'] ?? 0, undefined],
  ];
  const heading = row('', 'counted', 'reported by the agent');
  const note = reported === null ? ['The agent reported no totals: what was counted is a lower bound.'] : [];
  return [heading, ...rows.map(([name, counted, other]) => row(name, shown(counted), shown(other))), ...note];
}

function row(name: string, counted: string, reported: string): string {
  return `${name.padEnd(26)}${counted.padStart(14)}${reported.padStart(24)}`;
}

/** Costs to the nano-dollar, as a run rounds them; a dash for what is unknown. */
function shown(value: unknown): string {
  if (typeof value !== 'number') return '–';
  return value.toLocaleString('en-US', { maximumFractionDigits: 9 });
}
