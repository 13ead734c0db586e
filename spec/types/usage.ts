/** What a user of usage meters may compile, without the price data. */
import { Run } from 'agent-run';
import type { Counts, RecordOptions, UsageFormat, UsageMeterOptions, UsagePrices } from 'agent-run/usage';
import { UsageMeter } from 'agent-run/usage';

const run = new Run({ sessionId: 's' });
const prices: UsagePrices = { 'my-model': { input_mtok: 1, output_mtok: 2 } };
const stepped: UsagePrices = ({ model, counters }) =>
  model === null ? null : (counters.input_tokens ?? 0) * 1e-6;
const format: UsageFormat = () => ({ input_tokens: 1, output_tokens: 2 });
const options: UsageMeterOptions = {
  provider: 'openai',
  prices,
  onWarning: ({ reason, model }) => (reason === 'model_unknown' ? model : null),
};
const meter = new UsageMeter(run, options);
new UsageMeter(run, { prices: stepped, format });

export const amount: number | null = meter.record({ prompt_tokens: 1, completion_tokens: 1 }).costUsd;
export const recordOptions: RecordOptions = { scope: 'cumulative', key: 'thread', at: new Date() };
export const counts: Counts = { input_tokens: 1 };
// @ts-expect-error: no such scope
meter.record({}, { scope: 'all' });
// @ts-expect-error: no option of that name
new UsageMeter(run, { model_name: 'gpt-5' });

// The counters that a meter writes are numbers, in every hook.
run.on('usageUpdated', ({ delta, tokenUsage }) => {
  const counted: number = (delta.input_tokens ?? 0) + (tokenUsage.cache_read_tokens ?? 0);
  return counted;
});
export const unpriced: number | undefined = run.tokenUsage.unpriced_requests;
