import type { ValidationArguments, ValidatorConstraintInterface } from 'class-validator';
import { RecordScalars } from './envelope';
import { getMetadataStorage, ValidationTypes } from './validators';

/** A record whose members stand under their keys. */
type Holder = Readonly<Record<string, unknown>>;

/** One check of class-validator's. */
interface Rule {
  readonly validator: ValidatorConstraintInterface;
  /** All that the constraints used here ask for; made once, since they are asked for every record. */
  readonly args: ValidationArguments;
  readonly message: string | ((args: ValidationArguments) => string);
}

/** The checks of one key. */
interface KeyRules {
  readonly key: string;
  /** Whether nothing is asked where nothing is there. */
  isOptional: boolean;
  readonly rules: Rule[];
}

let compiledRules: ReadonlyMap<string, KeyRules> | undefined;
/** The same, to go through: a map takes longer. */
let listOfRules: readonly KeyRules[] = [];

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
  const known = rulesByKey().get(key);
  return known === undefined ? null : issueOf(known, holder[key]);
}

/** Calls back with what class-validator says against the members of a record. */
export function findIssues(holder: Holder, report: (key: string, message: string) => void): void {
  rulesByKey();
  for (const known of listOfRules) {
    const message = issueOf(known, holder[known.key]);
    if (message !== null) report(known.key, message);
  }
}

/** The keys that have checks. */
export function checkedKeys(): IterableIterator<string> {
  return rulesByKey().keys();
}

function issueOf({ isOptional, rules }: KeyRules, value: unknown): string | null {
  if (isOptional && (value === undefined || value === null)) return null;
  for (const { validator, args, message } of rules) {
    if (validator.validate(value, args) === true) continue;
    return typeof message === 'string' ? message : message({ ...args, value });
  }
  return null;
}

function rulesByKey(): ReadonlyMap<string, KeyRules> {
  if (compiledRules === undefined) {
    compiledRules = compileRules();
    listOfRules = [...compiledRules.values()];
  }
  return compiledRules;
}

function compileRules(): Map<string, KeyRules> {
  const storage = getMetadataStorage();
  const compiled = new Map<string, KeyRules>();
  for (const metadata of storage.getTargetValidationMetadatas(RecordScalars, '', false, false)) {
    const key = metadata.propertyName;
    const known = compiled.get(key) ?? { key, isOptional: false, rules: [] };
    // The one condition that is used here: `IsOptional`.
    if (metadata.type === ValidationTypes.CONDITIONAL_VALIDATION) known.isOptional = true;
    else known.rules.push(compileRule(metadata));
    compiled.set(key, known);
  }
  return compiled;
}

type Metadata = ReturnType<ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']>[number];

function compileRule({ constraintCls, constraints, message, propertyName }: Metadata): Rule {
  const [constraint] = getMetadataStorage().getTargetValidatorConstraints(constraintCls);
  const validator = constraint?.instance as ValidatorConstraintInterface;
  return { validator, args: { constraints, property: propertyName } as ValidationArguments, message };
}
