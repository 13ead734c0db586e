import type { ValidationIssue } from './error';
import { validationError } from './error';
import { copyJsonObject } from './json';
import { findUnknown } from './options';

/** Where the run stands in a distributed trace: W3C Trace Context, level 1 (https://www.w3.org/TR/trace-context-1/). */
export interface TraceContext {
  /** `version-traceid-parentid-flags`, in hex. */
  readonly traceparent: string;
  /** What vendors add to it: a list of at most 32 pairs. */
  readonly tracestate?: string;
}

const NAMES = ['traceparent', 'tracestate'] as const satisfies readonly (keyof TraceContext)[];

/**
 * Section 3.2.2: ids are not all zeros; `ff` is no version; what follows the flags is a later version's, and
 * never there in `00`, whose texts have 55 characters.
 */
const TRACEPARENT =
  /^(?!ff|00.{54})[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-[\x20-\x7e]*)?$/;

const MOST_PAIRS = 32;

/** Section 3.3.1.3: a key, `=`, and printable ASCII without `,` and `=` that does not end with a space. */
const PAIR =
  /^(?:[a-z][a-z0-9_\-*/]{0,255}|[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13})=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;

/**
 * Checks a trace context and copies it.
 *
 * @throws {RunError} `validation_error`
 */
export function takeTraceContext(value: unknown): TraceContext {
  const issues: ValidationIssue[] = [];
  const copy = copyJsonObject(value, 'traceContext', issues);
  if (issues.length === 0) checkMembers(copy, issues);
  if (issues.length > 0) throw validationError('traceContext', issues);
  return copy as unknown as TraceContext;
}

function checkMembers(context: Partial<Record<string, unknown>>, issues: ValidationIssue[]): void {
  findUnknown(context, NAMES, issues, ['traceContext']);
  const { traceparent, tracestate } = context;
  if (typeof traceparent !== 'string' || !TRACEPARENT.test(traceparent)) {
    issues.push({
      path: 'traceContext.traceparent',
      message: 'must be what W3C Trace Context calls a traceparent',
    });
  }
  if (tracestate !== undefined && (typeof tracestate !== 'string' || !isTracestate(tracestate))) {
    issues.push({
      path: 'traceContext.tracestate',
      message: 'must be what W3C Trace Context calls a tracestate',
    });
  }
}

/** Empty members are allowed, and spaces around each. */
function isTracestate(text: string): boolean {
  const pairs = text
    .split(',')
    .map((pair) => pair.replace(/^[ \t]+|[ \t]+$/g, ''))
    .filter((pair) => pair !== '');
  return pairs.length <= MOST_PAIRS && pairs.every((pair) => PAIR.test(pair));
}
