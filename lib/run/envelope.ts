import 'reflect-metadata';
import { Exclude, Expose, Type } from 'class-transformer';
import type { ExposeOptions, TypeHelpOptions } from 'class-transformer';
import type { ValidationArguments, ValidationOptions, ValidatorConstraintInterface } from 'class-validator';
import {
  Allow,
  getMetadataStorage,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsNumber,
  IsOptional,
  Max,
  Min,
  ValidateBy,
  ValidationTypes,
} from 'class-validator';
import { IsolatedEmitter } from './emitter';
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
  @IsNotEmpty({ message: 'cannot be empty' })
  @IsText()
  abstract readonly id: string;

  @Wire('session_id')
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
  @IsText()
  @IsOptional()
  abstract readonly provider: string | null;

  @Wire('cost_usd')
  @Min(0, { message: 'must not be negative' })
  @IsNumber({}, { message: 'must be a finite number' })
  @IsOptional()
  abstract readonly costUsd: number | null;

  @Wire('parent_run_id', { toClassOnly: true })
  @IsNotEmpty({ message: 'cannot be empty' })
  @IsText()
  @IsOptional()
  abstract readonly parentRunId: string | null;

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

/** A record whose members stand under the names of {@link RunEnvelope}. */
type Holder = Readonly<Record<string, unknown>>;

/** One check of class-validator's. */
interface Rule {
  /** Null for a condition: where it does not hold, the rules after it do not count. */
  readonly messageFor: ((value: unknown) => string) | null;
  readonly holds: (holder: Holder, value: unknown) => boolean;
}

let compiledRules: ReadonlyMap<string, readonly Rule[]> | undefined;

/**
 * What class-validator says against one member of a record.
 *
 * Its own `validateSync` finds and resolves the decorators of a class at every call, which costs more
 * the more decorated classes a process has; here they are resolved once. A test holds the verdicts
 * of both side by side.
 *
 * @param property - A property of {@link RunEnvelope}.
 * @returns null where there is nothing to say.
 */
export function issueWith(property: string, holder: Holder): string | null {
  const value = holder[property];
  for (const { holds, messageFor } of rules().get(property) ?? []) {
    if (holds(holder, value)) continue;
    return messageFor === null ? null : messageFor(value);
  }
  return null;
}

/** The properties of {@link RunEnvelope} that have checks. */
export function checkedProperties(): IterableIterator<string> {
  return rules().keys();
}

function rules(): ReadonlyMap<string, readonly Rule[]> {
  return (compiledRules ??= compileRules());
}

function compileRules(): Map<string, Rule[]> {
  const storage = getMetadataStorage();
  const compiled = new Map<string, Rule[]>();
  for (const metadata of storage.getTargetValidationMetadatas(RunEnvelope, '', false, false)) {
    if (metadata.type === ValidationTypes.WHITELIST) continue;
    const rule = compileRule(metadata);
    const known = compiled.get(metadata.propertyName);
    if (known === undefined) compiled.set(metadata.propertyName, [rule]);
    else known.push(rule);
  }
  return compiled;
}

type Metadata = ReturnType<ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']>[number];

function compileRule(metadata: Metadata): Rule {
  if (metadata.type === ValidationTypes.CONDITIONAL_VALIDATION) {
    const [condition] = metadata.constraints as [Rule['holds']];
    return { holds: condition, messageFor: null };
  }
  const [constraint] = getMetadataStorage().getTargetValidatorConstraints(metadata.constraintCls);
  const validator = constraint?.instance as ValidatorConstraintInterface;
  const { message, constraints } = metadata;
  // All that the constraints used here ask for; made once, since this is called for every field.
  const args = { constraints, property: metadata.propertyName } as ValidationArguments;
  return {
    holds: (_holder, value) => validator.validate(value, args) === true,
    messageFor: (value) => (typeof message === 'string' ? message : message({ ...args, value })),
  };
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
