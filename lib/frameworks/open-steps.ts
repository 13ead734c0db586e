import type { AnyRun } from '../run';
import { withinStep } from '../steps/current-step';
import { OpenStep } from '../steps/open-step';
import type { StepHandle } from '../steps/open-step';
import type { StartStepOptions } from '../steps/options';
import { takePayload } from '../steps/payload';
import type { KeptOptions } from './options';

/** A step that a framework reports under an id of its own. */
export interface TellableStep {
  readonly name: string;
  readonly kind: string;
  readonly input?: unknown;
  /** The framework's id of the step around. */
  readonly parent?: string | undefined;
}

/** How such a step ended. */
export interface TellableEnd {
  readonly output?: unknown;
  /** What went wrong; undefined for nothing. */
  readonly error?: unknown;
}

/** The longest name of a step. Names of tools come from models and users, and may be of any length. */
const LONGEST_NAME = 200;

/** A tool's arguments or result as a step keeps them; undefined where they are too large or not JSON. */
export function keptOf(value: unknown): object | undefined {
  try {
    return takePayload(value, 'payload') ?? undefined;
  } catch {
    return undefined;
  }
}

/** A step's name, whatever a framework calls it. */
export function stepName(name: unknown): string {
  return typeof name === 'string' && name !== '' ? name.slice(0, LONGEST_NAME) : 'tool';
}

/** The open steps of a framework that reports their start and their end. Nothing here throws. */
export class OpenSteps {
  readonly #inputs: boolean;
  readonly #outputs: boolean;
  readonly #open = new Map<string, StepHandle>();

  constructor({ inputs = true, outputs = false }: KeptOptions) {
    this.#inputs = inputs;
    this.#outputs = outputs;
  }

  /** Begins a step; does nothing where one is open under the id, or the run has ended. */
  start(run: AnyRun, id: string, { name, kind, input, parent }: TellableStep): void {
    if (run.isTerminal || this.#open.has(id)) return;
    const options: StartStepOptions = { kind, ...(this.#inputs ? { input: keptOf(input) } : {}) };
    const begin = (): StepHandle => run.startStep(stepName(name), options);
    const around = parent === undefined ? undefined : this.#open.get(parent);
    this.#open.set(id, around instanceof OpenStep ? withinStep(around, begin) : begin());
  }

  /** Ends a step; does nothing for an id that none is open under. */
  end(id: string, { output, error }: TellableEnd): void {
    const step = this.#open.get(id);
    if (step === undefined) return;
    this.#open.delete(id);
    if (error !== undefined) step.fail(error);
    else step.end(this.#outputs ? keptOf(output) : undefined);
  }
}
