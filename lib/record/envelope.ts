import 'reflect-metadata';
import { Exclude, Expose, Type } from 'class-transformer';
import type { ExposeOptions, TypeHelpOptions } from 'class-transformer';
import type { ValidationArguments, ValidationOptions } from 'class-validator';
import { Allow, IsIn, IsInt, IsNotEmpty, IsNumber, IsOptional, Max, Min, ValidateBy } from 'class-validator';
import { IsolatedEmitter } from './emitter';
import { fitsIndex, MOST_BYTES } from './identifier';
import { isJsonObject } from './json';
import type { RunStatus } from './status';
import { RUN_STATUSES } from './status';
import { parseTimestamp } from './timestamp';

/**
 * The scalars of the envelope, for class-transformer to write and read.
 *
 * It looks each key up in the class of the object and in every ancestor of it, several times over; in
 * this class without ancestors that takes half as long as in `Run`.
 */
@Exclude()
export class EnvelopeScalars {
  declare id: string;
  declare sessionId: string;
  declare status: RunStatus;
  declare startedAtText: string;
  turnCount = 0;
  endedAtText: string | null = null;
  provider: string | null = null;
  costUsd: number | null = null;
  parentRunId: string | null = null;
  givenRootRunId: string | null = null;
  runningAtText: string | null = null;
}

/** The property's name on the wire, by its name here. */
const WIRE_NAMES = new Map<string, string>();

/** The classes of which class-transformer shows what is exposed and nothing else. */
const HIDDEN = new WeakSet<object>();

/**
 * The envelope of a run's record: the keys of the JSON, their types and checks, described once.
 *
 * class-transformer writes and reads the scalars. The free-form payloads are described for
 * class-validator only: class-transformer would walk into them, and loses keys such as `constructor`
 * and `toString`.
 */
export abstract class RunEnvelope<Events extends object> extends IsolatedEmitter<Events> {
  constructor() {
    super();
    if (!HIDDEN.has(new.target)) hideOthers(new.target);
  }

  @Wire('id')
  @Type(attachPayloads)
  @IsIdentifier()
  @IsNotEmpty({ message: 'cannot be empty' })
  @IsText()
  abstract readonly id: string;

  @Wire('session_id')
  @IsIdentifier()
  @IsNotEmpty({ message: 'cannot be empty' })
  @IsText()
  abstract readonly sessionId: string;

  @Wire('status')
  @IsIn(RUN_STATUSES, { message: `must be one of ${RUN_STATUSES.join(', ')}` })
  @IsText()
  abstract readonly status: RunStatus;

  @Wire('turn_count')
  @Max(Number.MAX_SAFE_INTEGER, { message: 'must be a safe integer' })
  @Min(0, { message: 'must not be negative' })
  @IsInt({ message: 'must be an integer' })
  abstract readonly turnCount: number;

  /** @internal The time with every digit that an incoming record had. */
  @Wire('started_at')
  @IsTimestamp()
  @IsText()
  abstract readonly startedAtText: string;

  /** @internal */
  @Wire('ended_at')
  @IsTimestamp()
  @IsText()
  @IsOptional()
  abstract readonly endedAtText: string | null;

  @Wire('provider')
  @IsIdentifier()
  @IsText()
  @IsOptional()
  abstract readonly provider: string | null;

  @Wire('cost_usd')
  @Min(0, { message: 'must not be negative' })
  @IsNumber({}, { message: 'must be a finite number' })
  @IsOptional()
  abstract readonly costUsd: number | null;

  @Wire('parent_run_id', { toClassOnly: true })
  @IsIdentifier()
  @IsNotEmpty({ message: 'cannot be empty' })
  @IsText()
  @IsOptional()
  abstract readonly parentRunId: string | null;

  @Wire('root_run_id', { toClassOnly: true })
  @IsIdentifier()
  @IsNotEmpty({ message: 'cannot be empty' })
  @IsText()
  @IsOptional()
  abstract readonly givenRootRunId: string | null;

  @Wire('running_at', { toClassOnly: true })
  @IsTimestamp()
  @IsText()
  @IsOptional()
  abstract readonly runningAtText: string | null;

  @IsPayload('input')
  abstract readonly input: object | null;

  @IsPayload('output')
  abstract readonly output: object | null;

  @IsPayload('error')
  abstract readonly error: object | null;

  @IsPayload('metadata')
  abstract readonly metadata: object;

  @IsPayload('provider_metadata')
  abstract readonly providerMetadata: object;

  @IsPayload('token_usage')
  abstract readonly tokenUsage: object;

  @IsPayload('trace_context')
  abstract readonly traceContext: object | null;

  /** @internal Sets the payloads, and the keys that are written only when set, on a record being written. */
  abstract attachPayloads(record: object): void;
}

// A whitelist of class-validator's deletes what has no decorator: the listeners would be gone.
for (const member of ['_events', '_eventsCount']) Allow()(RunEnvelope.prototype, member);

/** The property's name on the wire. */
export function wireNameOf(property: string): string {
  return WIRE_NAMES.get(property) ?? property;
}

/** class-transformer does not inherit `@Exclude`: every subclass needs it, a user's too. */
function hideOthers(envelopeClass: abstract new () => unknown): void {
  HIDDEN.add(envelopeClass);
  (Exclude() as ClassDecorator)(envelopeClass);
}

/** `@Expose`, here and on {@link EnvelopeScalars}, under a name that issues and payloads know too. */
function Wire(name: string, options: ExposeOptions = {}): PropertyDecorator {
  return (target, property) => {
    WIRE_NAMES.set(String(property), name);
    Expose({ name, ...options })(target, property);
    Expose({ name, ...options })(EnvelopeScalars.prototype, property);
  };
}

/** A JSON object or nothing. What is inside it is nobody's business here. */
function IsPayload(name: string): PropertyDecorator {
  return (target, property) => {
    WIRE_NAMES.set(String(property), name);
    IsOptional()(target, property);
    check('isPayload', isJsonObject, 'must be a JSON object')(target, property);
  };
}

/** class-validator's own `IsString` accepts a `String` object too, which no record has. */
function IsText(): PropertyDecorator {
  return check('isText', (value) => typeof value === 'string', textMessage);
}

/** What an index of a database can hold. */
function IsIdentifier(): PropertyDecorator {
  return check(
    'isIdentifier',
    (value) => typeof value !== 'string' || fitsIndex(value),
    `must be at most ${MOST_BYTES} bytes of UTF-8`,
  );
}

function IsTimestamp(): PropertyDecorator {
  return check(
    'isTimestamp',
    (value) => typeof value === 'string' && parseTimestamp(value) !== null,
    'must be an ISO 8601 date with time and offset',
  );
}

function check(
  name: string,
  validate: (value: unknown) => boolean,
  message: NonNullable<ValidationOptions['message']>,
): PropertyDecorator {
  return ValidateBy({ name, validator: { validate } }, { message });
}

function textMessage({ value }: ValidationArguments): string {
  return value === undefined || value === null ? 'is required' : 'must be a string';
}

/**
 * class-transformer asks for the type of the id with the record that it is writing in hand; this is
 * where the payloads get onto it, unseen by its walk.
 */
function attachPayloads(help?: TypeHelpOptions): typeof String {
  const { object, newObject } = help as { object: unknown; newObject: object };
  if (object instanceof RunEnvelope && !(newObject instanceof RunEnvelope)) object.attachPayloads(newObject);
  return String;
}
