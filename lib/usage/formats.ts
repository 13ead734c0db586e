import type { ValidationIssue } from '../run/error';
import { RunError, validationError } from '../run/error';
import type { Counts } from './counters';
import { COUNT_NAMES, countsFrom, withTotal } from './counters';
import { aiSdk } from './formats/ai-sdk';
import { anthropic } from './formats/anthropic';
import { bedrock } from './formats/bedrock';
import { claudeResult } from './formats/claude-result';
import { codex } from './formats/codex';
import { gemini } from './formats/gemini';
import { openaiChat, openaiResponses } from './formats/openai';
import { openaiAgents } from './formats/openai-agents';
import { modelNamedBy } from './model-of';
import type { FormatContext, KnownFormat, UsageFormat, UsageReading, UsageReport } from './report';
import { Fields, isObject, memberOf, requestReading } from './report';

/** The formats that are known by name, and recognised by shape. */
export const USAGE_FORMATS = [
  'openai-chat',
  'openai-responses',
  'anthropic',
  'gemini',
  'ai-sdk',
  'claude-result',
  'codex',
  'bedrock',
  'openai-agents',
] as const;

/** The name of a known format. */
export type UsageFormatName = (typeof USAGE_FORMATS)[number];

const FORMATS: Readonly<Record<UsageFormatName, KnownFormat>> = {
  'openai-chat': openaiChat,
  'openai-responses': openaiResponses,
  anthropic,
  gemini,
  'ai-sdk': aiSdk,
  'claude-result': claudeResult,
  codex,
  bedrock,
  'openai-agents': openaiAgents,
};

const ALL_MARKS: readonly string[] = [
  ...Object.values(FORMATS).flatMap(({ marks }) => marks),
  // LangChain's, whose input includes what was cached: not to be taken for one of ours.
  'input_token_details',
  'output_token_details',
];

/** Where a usage object stands in what clients hand out, best first. */
const PLACES: readonly (readonly string[])[] = [
  [],
  ['totalUsage'],
  ['usage'],
  ['usageMetadata'],
  ['message', 'usage'],
  ['response', 'usage'],
  ['state', 'usage'],
  ['context', 'usage'],
  ['event', 'usage'],
  ['event', 'message', 'usage'],
];

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

/** A usage object inside a payload. */
interface Place {
  readonly usage: object;
  readonly path: string;
}

/** Whether the name is one of {@link USAGE_FORMATS}. */
export function isFormatName(name: unknown): name is UsageFormatName {
  return (USAGE_FORMATS as readonly unknown[]).includes(name);
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
    const names = USAGE_FORMATS.filter((name) => fits(FORMATS[name], place.usage));
    if (isFilled(names)) return readAgreed(names, place, context);
  }
  throw unreadable('is no usage that is known, or fits more than one format');
}

function readNamed(name: UsageFormatName, context: FormatContext): FormattedReading {
  const format = FORMATS[name];
  const place = [...placesIn(context.payload)].find(({ usage }) => hasAny(usage, format.keys));
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

function* placesIn(payload: object): Generator<Place> {
  for (const keys of PLACES) {
    let usage: unknown = payload;
    for (const key of keys) usage = isObject(usage) ? memberOf(usage, key) : undefined;
    if (isObject(usage)) yield { usage, path: keys.join('.') };
  }
}

/** Whether the usage object has keys of the format, and no mark that only others have. */
function fits({ keys, marks }: KnownFormat, usage: object): boolean {
  return (
    hasAny(usage, [...keys, ...marks]) && !ALL_MARKS.some((mark) => !marks.includes(mark) && has(usage, mark))
  );
}

function hasAny(usage: object, keys: readonly string[]): boolean {
  return keys.some((key) => has(usage, key));
}

/** Whether the object has something, null too, under a key or a path of two. */
function has(usage: object, path: string): boolean {
  const [key = '', inner] = path.split('.');
  const value = memberOf(usage, key);
  return inner === undefined ? value !== undefined : isObject(value) && memberOf(value, inner) !== undefined;
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
