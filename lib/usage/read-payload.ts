import type { ValidationIssue } from '../record/error';
import { RunError, validationError } from '../record/error';
import type { Counts } from './counters';
import { COUNT_NAMES, countsFrom, withTotal } from './counters';
import type { UsageFormatName } from './known-formats';
import { FORMATS, USAGE_FORMATS } from './known-formats';
import { modelNamedBy } from './model-of';
import type { FormatContext, UsageFormat, UsageReading, UsageReport } from './report';
import { Fields, isObject, requestReading } from './report';
import type { Place } from './shape';
import { formatsOf, hasKeysOf, placesIn } from './shape';

/** What is known about a payload before it is read. */
export interface ReadOptions {
  readonly format: UsageFormatName | UsageFormat | null;
  readonly provider: string | null;
  /** Named for this very payload. */
  readonly model: string | null;
  /** What stands where the payload names none. */
  readonly defaultModel: string | null;
}

/** A reading, with whose prices it is to be priced where nobody says. */
export interface FormattedReading {
  readonly reading: UsageReading;
  readonly provider: string | null;
}

/**
 * Reads a payload: in the format that is named, or in the one that its shape tells.
 *
 * @throws {RunError} `validation_error` for a shape that no format knows or that formats read
 * differently, and for counts that are none.
 */
export function readPayload(payload: unknown, options: ReadOptions): FormattedReading {
  if (typeof options.format === 'function') return readWith(options.format, payload, options);
  if (!isObject(payload)) {
    throw unreadable('is missing: this response carries no usage');
  }
  const model = options.model ?? modelNamedBy(payload) ?? options.defaultModel;
  const context: FormatContext = { payload, provider: options.provider, model };
  const named = options.format ?? USAGE_FORMATS.find((name) => FORMATS[name].claims?.(payload) === true);
  if (named !== undefined) return readNamed(named, context);
  for (const place of placesIn(payload)) {
    const names = formatsOf(place.usage);
    if (isFilled(names)) return readAgreed(names, place, context);
  }
  throw unreadable('is no usage that is known, or fits more than one format');
}

function readNamed(name: UsageFormatName, context: FormatContext): FormattedReading {
  const place = [...placesIn(context.payload)].find(({ usage }) => hasKeysOf(name, usage));
  if (place === undefined) throw unreadable(`has no usage of the format ${name}`);
  return read(name, place, context);
}

function isFilled<Item>(items: readonly Item[]): items is readonly [Item, ...Item[]] {
  return items.length > 0;
}

/** Formats that a payload fits alike are as good as one, as long as they read the same from it. */
function readAgreed(
  [first, ...others]: readonly [UsageFormatName, ...UsageFormatName[]],
  place: Place,
  context: FormatContext,
): FormattedReading {
  const formatted = read(first, place, context);
  for (const name of others) {
    const other = read(name, place, context);
    if (!agree(formatted.reading, other.reading)) {
      throw unreadable(`fits the formats ${first} and ${name}, which read it differently: name one`);
    }
  }
  return others.length === 0 ? formatted : { ...formatted, provider: null };
}

function read(name: UsageFormatName, { usage, path }: Place, context: FormatContext): FormattedReading {
  const issues: ValidationIssue[] = [];
  const format = FORMATS[name];
  const reading = format.read(new Fields(usage, path, issues), context);
  if (issues.length > 0) throw validationError('usage', issues);
  return { reading, provider: format.provider ?? null };
}

function agree(left: UsageReading, right: UsageReading): boolean {
  const [a, b] = [left, right].map(({ parts }) => parts.map(({ counts }) => counts));
  return JSON.stringify(a) === JSON.stringify(b);
}

function readWith(format: UsageFormat, payload: unknown, options: ReadOptions): FormattedReading {
  const reports: unknown = format(payload);
  const issues: ValidationIssue[] = [];
  const parts = (Array.isArray(reports) ? reports : [reports]).map((report: unknown) => {
    if (!isObject(report)) throw unreadable('was not read by its format: it gave no counters');
    const fields = new Fields(report, '', issues);
    const { model } = report as UsageReport;
    return {
      model: options.model ?? (typeof model === 'string' ? model : options.defaultModel),
      counts: readReport(fields),
      costUsd: fields.dollars('costUsd'),
    };
  });
  if (issues.length > 0) throw validationError('usage', issues);
  return { reading: { ...requestReading(...parts), byModel: parts.length > 1 }, provider: null };
}

function readReport(fields: Fields): Counts {
  const counts = withTotal(countsFrom((name) => fields.count(name)));
  if (Object.keys(counts).length === 0) {
    throw unreadable(`was not read by its format: it gave none of ${COUNT_NAMES.join(', ')}`);
  }
  return counts;
}

function unreadable(message: string): RunError {
  const issues = [{ path: 'payload', message }];
  const known = `known formats: ${USAGE_FORMATS.join(', ')}; or a function of your own`;
  return new RunError('validation_error', `Invalid usage: payload ${message} (${known})`, {
    details: { issues, formats: USAGE_FORMATS },
  });
}
