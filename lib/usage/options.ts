import type { ValidationIssue } from '../record/error';
import { validationError } from '../record/error';
import { findUnknown } from '../record/options';
import type { UsageFormatName } from './formats';
import { isFormatName, USAGE_FORMATS } from './formats';
import type { UsagePrices } from './price';
import type { UsageFormat } from './reading';

/** What a meter says once about each model that it finds no price for. */
export interface UsageWarning {
  /** `unpriced`: requests of this model have no price. */
  readonly code: 'unpriced';
  /** Why. */
  readonly reason:
    'model_missing' | 'model_unknown' | 'tier_unknown' | 'prices_not_installed' | 'counts_refused';
  /** For people: what has no price, and what to do about it. */
  readonly message: string;
  /** The model; null where none was named. */
  readonly model: string | null;
  /** The price data's provider that was asked for; null for any. */
  readonly provider: string | null;
  /** What the price data threw. */
  readonly cause?: unknown;
}

/** What a meter assumes where a payload or a call does not say otherwise. */
export interface UsageMeterOptions {
  /** The price data's id of the provider: `openai`, `anthropic`, `google`, `aws`, `azure`. @default any that has the model */
  readonly provider?: string | null | undefined;
  /** The model of payloads that name none. */
  readonly model?: string | null | undefined;
  /** The format of every payload; a name, or a function for a format of your own. @default recognised by shape */
  readonly format?: UsageFormatName | UsageFormat | null | undefined;
  /** Prices of your own, taken before the list prices. */
  readonly prices?: UsagePrices | undefined;
  /** Hears once of each model that has no price. */
  readonly onWarning?: ((warning: UsageWarning) => void) | undefined;
}

/** How one payload is counted. */
export interface RecordOptions {
  /** Taken before the model that the payload names. */
  readonly model?: string | null | undefined;
  /** The format of this payload. */
  readonly format?: UsageFormatName | UsageFormat | null | undefined;
  /** Whether the payload is one request or a snapshot of everything under its key so far. @default what the format is */
  readonly scope?: 'request' | 'cumulative' | undefined;
  /**
   * What the payload belongs to: a thread, a session, a stream. A snapshot stands for everything under its key.
   * @default the payload's own, where it is of Claude's session or a thread of Codex's app server; else one for each provider
   */
  readonly key?: string | undefined;
  /**
   * The request's id: what is reported again under it adds only what has grown.
   * @default the message's own, where the producer's ids are unique: Anthropic's, Claude's, Gemini's, opencode's
   */
  readonly requestId?: string | null | undefined;
  /** When the request was made, for its price: a date, or milliseconds since the epoch. @default now */
  readonly at?: Date | number | undefined;
}

const METER_OPTIONS = ['provider', 'model', 'format', 'prices', 'onWarning'];
const RECORD_OPTIONS = ['model', 'format', 'scope', 'key', 'requestId', 'at'];

/** What came in under the names of options. */
type Unchecked<Options> = { readonly [Name in keyof Options]: unknown };

/**
 * Checks what a meter is made with.
 *
 * @throws {RunError} `validation_error`
 */
export function checkMeterOptions(options: UsageMeterOptions): void {
  const issues: ValidationIssue[] = [];
  findUnknown(options, METER_OPTIONS, issues);
  if (issues.length > 0) throw validationError('meter', issues);
  const { provider, model, format, prices, onWarning }: Unchecked<UsageMeterOptions> = options;
  checkText('provider', provider, issues);
  checkText('model', model, issues);
  checkFormat(format, issues);
  if (
    prices !== undefined &&
    typeof prices !== 'function' &&
    (typeof prices !== 'object' || prices === null)
  ) {
    issues.push({ path: 'prices', message: 'must be a table or a function' });
  }
  if (onWarning !== undefined && typeof onWarning !== 'function') {
    issues.push({ path: 'onWarning', message: 'must be a function' });
  }
  if (issues.length > 0) throw validationError('meter', issues);
}

/**
 * Checks the options for one payload.
 *
 * @throws {RunError} `validation_error`
 */
export function checkRecordOptions(options: RecordOptions): void {
  const issues: ValidationIssue[] = [];
  findUnknown(options, RECORD_OPTIONS, issues);
  if (issues.length > 0) throw validationError('usage', issues);
  const { model, format, scope, key, requestId, at }: Unchecked<RecordOptions> = options;
  checkText('model', model, issues);
  checkText('key', key, issues);
  checkText('requestId', requestId, issues);
  checkFormat(format, issues);
  if (scope !== undefined && scope !== 'request' && scope !== 'cumulative') {
    issues.push({ path: 'scope', message: 'must be "request" or "cumulative"' });
  }
  if (at !== undefined && Number.isNaN(new Date(at as number).getTime())) {
    issues.push({ path: 'at', message: 'must be a date, or milliseconds since the epoch' });
  }
  if (issues.length > 0) throw validationError('usage', issues);
}

function checkText(path: string, value: unknown, issues: ValidationIssue[]): void {
  if (value !== undefined && value !== null && typeof value !== 'string') {
    issues.push({ path, message: 'must be a string' });
  }
}

function checkFormat(format: unknown, issues: ValidationIssue[]): void {
  if (format === undefined || format === null || typeof format === 'function' || isFormatName(format)) return;
  issues.push({ path: 'format', message: `must be a function or one of ${USAGE_FORMATS.join(', ')}` });
}
