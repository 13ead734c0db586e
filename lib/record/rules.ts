import type { ValidationArguments, ValidatorConstraintInterface } from 'class-validator';
import { RecordScalars } from './envelope';
import { getMetadataStorage, ValidationTypes } from './validators';

/** A record whose members stand under their keys. */
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
 * @param key - A key of the record.
 * @returns null where there is nothing to say.
 */
export function issueWith(key: string, holder: Holder): string | null {
  return issueOf(rules().get(key) ?? [], holder, holder[key]);
}

/** Calls back with what class-validator says against the members of a record. */
export function findIssues(holder: Holder, report: (key: string, message: string) => void): void {
  for (const [key, rulesOfKey] of rules()) {
    const message = issueOf(rulesOfKey, holder, holder[key]);
    if (message !== null) report(key, message);
  }
}

/** The keys that have checks. */
export function checkedKeys(): IterableIterator<string> {
  return rules().keys();
}

function issueOf(rulesOfKey: readonly Rule[], holder: Holder, value: unknown): string | null {
  for (const { holds, messageFor } of rulesOfKey) {
    if (holds(holder, value)) continue;
    return messageFor === null ? null : messageFor(value);
  }
  return null;
}

function rules(): ReadonlyMap<string, readonly Rule[]> {
  return (compiledRules ??= compileRules());
}

function compileRules(): Map<string, Rule[]> {
  const storage = getMetadataStorage();
  const compiled = new Map<string, Rule[]>();
  for (const metadata of storage.getTargetValidationMetadatas(RecordScalars, '', false, false)) {
    const rule = compileRule(metadata);
    const known = compiled.get(metadata.propertyName) ?? [];
    // Whether a member is there is asked before anything about it.
    if (rule.messageFor === null) known.unshift(rule);
    else known.push(rule);
    compiled.set(metadata.propertyName, known);
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
