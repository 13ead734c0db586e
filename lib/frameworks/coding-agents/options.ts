import type { ValidationIssue } from '../../record/error';
import { validationError } from '../../record/error';
import { findUnknown } from '../../record/options';
import type { AnyRun, Run } from '../../run';
import type { FrameworkOptions, KeptOptions } from '../options';
import { FRAMEWORK_OPTIONS, KEPT_OPTIONS } from '../options';

/** A line or an event that was passed over, and why. */
export interface StreamProblem {
  /** The line, or the event of a source that gives objects, counted from 1. */
  readonly line: number;
  /** Why, for people, without the text of the line. */
  readonly message: string;
}

/** What {@link recordAgentStream} takes. */
export interface AgentStreamOptions<Subject extends AnyRun = Run> extends FrameworkOptions, KeptOptions {
  /** The run to keep it in. @default the run whose `execute` it is called in; outside, a run of its own */
  readonly run?: Subject | null | undefined;
  /** The session of a run of its own. @default the agent's session, or thread */
  readonly sessionId?: string | undefined;
  /** Stops reading, and cancels the run with the signal's reason. What was counted stays. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Whether Codex reports the usage of a turn, or of the thread so far: that differs by version. @default
   * 'request'
   */
  readonly codexScope?: 'request' | 'cumulative' | undefined;
  /**
   * The last result of the session that this stream goes on with. Claude's and a resumed thread's totals hold
   * what was used before, which is not counted again.
   */
  readonly seed?: object | undefined;
  /** Called once, as soon as it is known which run it is: to track it, say. */
  readonly onRun?: ((run: Subject) => void) | undefined;
  /** Called for each line that cannot be read. */
  readonly onProblem?: ((problem: StreamProblem) => void) | undefined;
}

const NAMES = [
  ...FRAMEWORK_OPTIONS,
  ...KEPT_OPTIONS,
  'sessionId',
  'signal',
  'codexScope',
  'seed',
  'onRun',
  'onProblem',
];

/**
 * Checks what the stream is to be recorded with.
 *
 * @throws {RunError} `validation_error`
 */
export function checkAgentStream(source: unknown, options: object): void {
  const issues: ValidationIssue[] = [];
  if (!isSource(source)) {
    issues.push({ path: 'source', message: 'must be an async iterable of events, of lines or of text' });
  }
  findUnknown(options, NAMES, issues);
  const { codexScope } = options as AgentStreamOptions;
  if (codexScope !== undefined && !['request', 'cumulative'].includes(codexScope)) {
    issues.push({ path: 'codexScope', message: 'must be "request" or "cumulative"' });
  }
  if (issues.length > 0) throw validationError('agent stream', issues);
}

function isSource(source: unknown): boolean {
  if (typeof source !== 'object' || source === null) return false;
  return Symbol.asyncIterator in source || Symbol.iterator in source;
}
