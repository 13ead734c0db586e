export type { PriceDetails, UsageCounters } from './counters';
export type { UsageFormatName } from './known-formats';
export { USAGE_FORMATS } from './known-formats';
export type { ModelUsage, RecordedUsage } from './meter';
export { UsageMeter } from './meter';
export type { RecordOptions, UsageMeterOptions, UsageWarning } from './options';
export type { PricedRequest, PriceFunction, UnpricedReason, UsagePrices } from './price';
export type { ModelPrice, PriceTier, TieredPrice, TokenPrice } from './price-table';
export type { UsageFormat, UsageReport, UsageScope } from './report';
