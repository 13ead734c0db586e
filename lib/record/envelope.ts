import 'reflect-metadata';
import type { TypeHelpOptions } from 'class-transformer';
import { Exclude, Expose, Type } from 'class-transformer';
import type { ValidationArguments, ValidationOptions } from 'class-validator';
import type { Field, FieldType, ObjectKey, ScalarKey } from './fields';
import { FIELDS, SCALARS } from './fields';
import { fitsIndex, MOST_BYTES } from './identifier';
import { isJsonObject } from './json';
import { RUN_STATUSES } from './status';
import { parseTimestamp } from './timestamp';
import { IsDate, IsIn, IsInt, IsNotEmpty, IsNumber, IsOptional, Max, Min, ValidateBy } from './validators';

/**
 * The scalars of a record under their keys in JSON: the object that class-transformer writes and reads.
 *
 * It looks each key up in the class of the object and in every ancestor of it, several times over, longer
 * where a key is not the property's name, and longer the more keys are exposed one by one. This class has no
 * ancestors, its properties are named as on the wire, and it exposes what it has, as class-transformer does
 * where nothing else is said: that takes a third of the time that it takes in `Run`.
 */
export class RecordScalars implements Record<ScalarKey, unknown> {
  // Written out for the compiler, which wants every scalar of the table. None has a value: an object has what
  // a record has, and each key that is there takes its time.
  id: unknown;
  session_id: unknown;
  status: unknown;
  turn_count: unknown;
  started_at: unknown;
  ended_at: unknown;
  provider: unknown;
  cost_usd: unknown;
  parent_run_id: unknown;
  root_run_id: unknown;
  running_at: unknown;
}

/** What class-transformer has read, for the checks: {@link RecordScalars} and the payloads beside it. */
export type Envelope = Record<ScalarKey | ObjectKey, unknown>;

/** The classes that class-transformer has been told about already: see {@link hideOthers}. */
const HIDDEN = new WeakSet<object>();

/** The attributes that class-transformer writes and reads by their names in the class. */
const EXPOSED = FIELDS.filter(isExposed).map(({ attribute }) => attribute);

for (const { key, type, presence } of FIELDS) {
  decorate(RecordScalars.prototype, key, rulesOf(type, presence));
}

/**
 * Describes the envelope on the class of a run: class-transformer and class-validator then write and check
 * a run as they do its record.
 *
 * @param attach - Sets on the record being written what class-transformer must not walk.
 */
export function describeEnvelope<Subject extends object>(
  runClass: { readonly prototype: Subject },
  attach: (run: Subject, record: object) => void,
): void {
  const { prototype } = runClass;
  const isRun = (value: unknown): value is Subject =>
    Object.prototype.isPrototypeOf.call(prototype, value as object);
  /**
   * class-transformer asks this for the type of `id`, and hands over the record that it is writing: the
   * moment to put the payloads onto it.
   */
  const attachTo = (help?: TypeHelpOptions): typeof String => {
    const { object, newObject } = help as { object: unknown; newObject: object };
    if (isRun(object) && !isRun(newObject)) attach(object, newObject);
    return String;
  };
  decorate(prototype, 'id', [Type(attachTo)]);
  for (const { key, attribute, type, presence } of FIELDS) {
    if (type === 'time') {
      decorate(prototype, attribute, [IsDate({ message: 'must be a Date' }), IsOptional()]);
    } else decorate(prototype, attribute, rulesOf(type, presence));
    // A run has its times as dates, which class-transformer would copy: they are attached as texts.
    if (isExposed({ type, presence })) decorate(prototype, attribute, [Expose({ name: key })]);
  }
}

/**
 * Readies the class of a run, a user's too, for class-transformer, which inherits neither `@Exclude` nor the
 * rule that a property with a getter alone is not assigned to: it looks for both in the class itself only.
 */
export function hideOthers(runClass: abstract new (...args: never[]) => unknown): void {
  if (HIDDEN.has(runClass)) return;
  HIDDEN.add(runClass);
  (Exclude() as ClassDecorator)(runClass);
  for (const attribute of EXPOSED) repeatGetter(runClass.prototype as object, attribute);
}

function repeatGetter(prototype: object, attribute: string): void {
  if (Object.hasOwn(prototype, attribute)) return;
  let above: object = Object.getPrototypeOf(prototype) as object;
  while (!Object.hasOwn(above, attribute)) above = Object.getPrototypeOf(above) as object;
  const inherited = Object.getOwnPropertyDescriptor(above, attribute) as PropertyDescriptor;
  Object.defineProperty(prototype, attribute, inherited);
}

function isExposed({ type, presence }: Pick<Field, 'type' | 'presence'>): boolean {
  return type !== 'time' && presence !== 'set' && SCALARS.some((field) => field.type === type);
}

function decorate(prototype: object, property: string, decorators: readonly PropertyDecorator[]): void {
  for (const decorator of decorators) decorator(prototype, property);
}

/** The checks of a field. An optional field is checked only where it is there. */
function rulesOf(type: FieldType, presence: Field['presence']): PropertyDecorator[] {
  const checks = checksOf(type);
  return presence === 'required' || checks.length === 0 ? checks : [...checks, IsOptional()];
}

/** The checks of a type, in the order in which they are tried. */
function checksOf(type: FieldType): PropertyDecorator[] {
  switch (type) {
    case 'identifier':
      return [isText(), IsNotEmpty({ message: 'cannot be empty' }), isIndexable()];
    case 'name':
      return [isText(), isIndexable()];
    case 'status':
      return [isText(), IsIn(RUN_STATUSES, { message: `must be one of ${RUN_STATUSES.join(', ')}` })];
    case 'count':
      return [
        IsInt({ message: 'must be an integer' }),
        Min(0, { message: 'must not be negative' }),
        Max(Number.MAX_SAFE_INTEGER, { message: 'must be a safe integer' }),
      ];
    case 'dollars':
      return [
        IsNumber({}, { message: 'must be a finite number' }),
        Min(0, { message: 'must not be negative' }),
      ];
    case 'time':
      return [isText(), isTime()];
    case 'payload':
    case 'object':
    case 'usage':
      return [check('isPayload', isJsonObject, 'must be a JSON object')];
    case 'limits':
    case 'awaiting':
    case 'kept':
      // Checked where they are read: that code can say more about what is wrong.
      return [];
  }
}

/** class-validator's own `IsString` accepts a `String` object too, which no record has. */
function isText(): PropertyDecorator {
  return check('isText', (value) => typeof value === 'string', textMessage);
}

/** What an index of a database can hold. */
function isIndexable(): PropertyDecorator {
  return check(
    'isIndexable',
    (value) => typeof value !== 'string' || fitsIndex(value),
    `must be at most ${MOST_BYTES} bytes of UTF-8`,
  );
}

function isTime(): PropertyDecorator {
  return check(
    'isTime',
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
