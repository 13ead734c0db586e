import type { ValidationIssue } from '../record/error';
import { validationError } from '../record/error';
import { dollars } from './around';
import type { Counts } from './counts';
import { COUNT_NAMES, countsFrom, withTotal } from './counts';
import { takeCount } from './count-path';
import type { Search } from './find-usage';
import { findUsage } from './find-usage';
import { isObject, memberOf, objectAt, textOf } from './member';
import { isKnownEvent, isUnfinished, isWholeResponse } from './nothing';
import { readByModel, readMany } from './read-many';
import type { ReadOptions } from './read-usage';
import { missing, readUsage } from './read-usage';
import type { Reading, Readings, StreamedEvent, UsageFormat } from './reading';
import { NOTHING, requestReadings } from './reading';
import { refuseUnsettled } from './settled';
import { unreadable } from './unreadable';

/**
 * Reads a payload: in the format that is named, or in the one that its shape tells.
 *
 * @returns readings of nothing for a payload that has nothing to report yet.
 * @throws {RunError} `validation_error` for a shape that no format knows or that formats read
 * differently, and for counts that are none or that nobody takes.
 */
export function readPayload(payload: unknown, options: ReadOptions): Readings {
  if (typeof options.format === 'function') return readWith(options.format, payload, options);
  if (!isObject(payload)) throw unreadable('is missing: this response carries no usage');
  refuseUnsettled(payload);
  if (isUnfinished(payload)) return NOTHING;
  const search = searchFor(options);
  const found = findUsage(payload, search);
  if (found !== null) return placed(payload, found);
  if (search.refusal !== null) throw search.refusal;
  const models = readByModel(payload, (inner) => findUsage(inner, searchFor(options)));
  if (models !== null) return models;
  if (search.emptyAt !== null && Object.keys(payload).length > 1) return missing(search.emptyAt, options);
  if (search.nullAt !== null && options.format === null) return NOTHING;
  if (isWholeResponse(payload)) {
    return missing({ usage: payload, key: '', path: '', around: [payload] }, options);
  }
  if (isKnownEvent(payload)) return NOTHING;
  if (options.format !== null) throw unreadable(`has no usage of the format ${options.format}`);
  throw unreadable('is no usage that is known');
}

function searchFor(options: ReadOptions): Search {
  const readOne = (inner: object): Readings | null => findUsage(inner, searchFor(options));
  return {
    read: (sighting) => readUsage(sighting, options),
    readMany: (inner) => readMany(inner, readOne, options.model ?? options.defaultModel),
    nullAt: null,
    emptyAt: null,
    refusal: null,
  };
}

/** Adds to the readings what they belong to: a session, or a message of a stream. */
function placed(payload: object, readings: Readings): Readings {
  if (readings.list.some(({ model }) => model === SYNTHETIC)) return NOTHING;
  const key = sessionOf(payload);
  const streamed = streamedEvent(payload);
  return key === null && streamed === null ? readings : { ...readings, key, streamed };
}

/** The model that Claude Code names for a message which no model wrote. */
const SYNTHETIC = '<synthetic>';

const CLAUDE_LINES = new Set(['assistant', 'user', 'result', 'stream_event', 'system']);

/** Claude's session, or the thread of Codex's app server: what a snapshot of it is a snapshot of. */
function sessionOf(payload: object): string | null {
  const type = textOf(payload, 'type');
  if (type !== null && CLAUDE_LINES.has(type)) return textOf(payload, 'session_id', 'sessionId');
  const params = objectAt(payload, 'params');
  return params === undefined ? null : textOf(params, 'threadId');
}

/** Which part of a stream of Anthropic's messages this is; null for none. */
function streamedEvent(payload: object): StreamedEvent | null {
  const event = objectAt(payload, 'event') ?? payload;
  const type = textOf(event, 'type');
  const isEnd = type === 'message_stop';
  if (type !== 'message_start' && type !== 'message_delta' && !isEnd) return null;
  const agent = textOf(payload, 'parent_tool_use_id') ?? '';
  const isLast = isEnd || textOf(objectAt(event, 'delta') ?? {}, 'stop_reason') !== null;
  return { kind: type === 'message_start' ? 'start' : 'delta', agent, isLast };
}

function readWith(format: UsageFormat, payload: unknown, options: ReadOptions): Readings {
  const reports: unknown = format(payload);
  const issues: ValidationIssue[] = [];
  const list = (Array.isArray(reports) ? reports : [reports]).map((report: unknown): Reading => {
    if (!isObject(report)) throw unreadable('was not read by its format: it gave no counters');
    return {
      model: options.model ?? textOf(report, 'model') ?? options.defaultModel,
      counts: readReport(report, issues),
      costUsd: dollars(memberOf(report, 'costUsd'), 'costUsd', issues),
      tier: textOf(report, 'tier'),
      id: null,
    };
  });
  if (issues.length > 0) throw validationError('usage', issues);
  return requestReadings(list, { byModel: list.length > 1 });
}

function readReport(report: object, issues: ValidationIssue[]): Counts {
  const counts = withTotal(countsFrom((name) => takeCount(memberOf(report, name), name, issues)));
  if (Object.keys(counts).length === 0 && issues.length === 0) {
    throw unreadable(`was not read by its format: it gave none of ${COUNT_NAMES.join(', ')}`);
  }
  return counts;
}
