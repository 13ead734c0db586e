/** The codes of {@link RunError}, each with when it is used. */
export type RunErrorCode =
  /** Bad attributes, payload, usage or JSON; `details.issues` says where. */
  | 'validation_error'
  /** A word that is no status. */
  | 'invalid_status'
  /** A move between statuses that the table of transitions does not have. */
  | 'invalid_transition'
  /** A call that the run's state does not allow. */
  | 'invalid_operation'
  /** The run was cancelled. */
  | 'cancelled'
  /** The run's deadline passed. */
  | 'timeout'
  /** The run went past one of its limits. */
  | 'limit_exceeded'
  /** A store has no run of that id. */
  | 'run_not_found'
  /** A store already has a run of that id. */
  | 'already_exists'
  /** The stored run has moved since this one was read. */
  | 'conflict'
  /** The session already has a running run. */
  | 'session_busy'
  /** Another process took the run over. */
  | 'lease_lost'
  /** A driver failed; `cause` is its error. */
  | 'storage_error';

/** One thing that is wrong with what was handed in. */
export interface ValidationIssue {
  /** Where, for example `input.rows[3].total`; `''` is the value as a whole. */
  readonly path: string;
  /** What is wrong, without the offending value. */
  readonly message: string;
}

const OPTIONS: readonly string[] = ['details', 'cause', 'retryable'];

/** The longest name of an option that is shown whole. */
const LONGEST_NAME = 80;

/**
 * Every error that this package throws on purpose. Match on `code`; the message is for people.
 *
 * @example
 * ```ts
 * try {
 *   run.updateStatus('running');
 * } catch (error) {
 *   if (error instanceof RunError && error.code === 'invalid_transition') return;
 *   throw error;
 * }
 * ```
 */
export class RunError extends Error {
  /** Always `RunError`. */
  override readonly name = 'RunError';
  /**
   * What went wrong, as a word that does not change: one of {@link RunErrorCode}, or the code of the
   * error that a run was ended with from outside.
   */
  readonly code: RunErrorCode | (string & {});
  /** Facts for programs, by code; see each method's documentation. */
  readonly details: Readonly<Record<string, unknown>>;
  /** Whether the same call may succeed when tried again. */
  readonly retryable: boolean;

  /**
   * @param options - `details` are facts for programs, a plain object; `cause` is what led to the error;
   * `retryable` says whether the same call may succeed when tried again.
   * @throws {RunError} `validation_error` for an option that is not known.
   */
  constructor(
    code: RunErrorCode | (string & {}),
    message: string,
    options: {
      readonly details?: Readonly<Record<string, unknown>> | undefined;
      readonly cause?: unknown;
      readonly retryable?: boolean | undefined;
    } = {},
  ) {
    const unknown = Object.keys(options).find((name) => !OPTIONS.includes(name));
    if (unknown !== undefined) throw unknownOption(unknown);
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
    this.retryable = options.retryable ?? false;
  }

  /** The error as a plain object, for logs and API answers. The cause stays out: it may hold anything. */
  toJSON(): Pick<RunError, 'name' | 'code' | 'message' | 'details' | 'retryable'> {
    const { name, code, message, details, retryable } = this;
    return { name, code, message, details, retryable };
  }
}

/**
 * Makes the `validation_error` for a list of issues.
 *
 * @param subject - What was refused, for the message: `run`, `usage`.
 */
export function validationError(
  subject: string,
  issues: readonly ValidationIssue[],
  cause?: unknown,
): RunError {
  const list = issues.map(({ path, message }) => (path === '' ? message : `${path} ${message}`));
  return new RunError('validation_error', `Invalid ${subject}: ${list.join('; ')}`, {
    details: { issues },
    cause,
  });
}

/** Written out here: the helper for options stands on this file. */
function unknownOption(name: string): RunError {
  const message = `is not known (known: ${OPTIONS.join(', ')})`;
  return validationError('options of RunError', [{ path: name.slice(0, LONGEST_NAME), message }]);
}
