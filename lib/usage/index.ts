/**
 * Tokens and cost, read from what model providers and frameworks answer.
 *
 * @module agent-run/usage
 */
export type { Counts } from './counts';
export type { UsageFormatName } from './formats';
export type { UsageAmount, UsageTotals } from './meter';
export { UsageMeter } from './meter';
export type { RecordOptions, UsageMeterOptions, UsageWarning } from './options';
export type { PricedRequest, UsagePrices } from './price';
export type { ModelPrice } from './price-table';
export type { UsageFormat, UsageReading } from './reading';
