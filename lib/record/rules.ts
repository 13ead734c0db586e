import type { ValidationArguments, ValidatorConstraintInterface } from 'class-validator';
import { getMetadataStorage, ValidationTypes } from 'class-validator';
import { RunEnvelope } from './envelope';

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
