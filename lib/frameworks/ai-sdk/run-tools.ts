import { refuseUnknown } from '../../record/options';
import type { AnyRun } from '../../run';
import type { FrameworkOptions, KeptOptions } from '../options';
import { keptOf, stepName } from '../open-steps';
import { KEPT_OPTIONS } from '../options';
import { RunLink } from '../run-link';

/** What {@link runTools} takes. */
export interface RunToolsOptions extends KeptOptions, Pick<FrameworkOptions, 'run'> {}

type Execute = (this: unknown, input: unknown, options: unknown) => unknown;

/**
 * Wraps a tool set so that each call of a tool is a step of the current run, named after the tool. Outside
 * a run, after its end and while it waits, the tools are called as they are. Tools without `execute` (those
 * that the client or the provider executes) are left as they are.
 *
 * @returns a new tool set of the same type.
 * @throws {RunError} `validation_error` for options that are not known.
 *
 * @example
 * ```ts
 * await generateText({ model, prompt, tools: runTools({ weather, search }) });
 * ```
 */
export function runTools<Tools extends object>(tools: Tools, options: RunToolsOptions = {}): Tools {
  refuseUnknown(options, ['run', ...KEPT_OPTIONS], 'options of runTools');
  const link = new RunLink({ run: options.run });
  const wrapped = Object.entries(tools).map(([name, tool]: [string, unknown]) => [
    name,
    withSteps(link, name, tool, options),
  ]);
  return Object.fromEntries(wrapped) as Tools;
}

function withSteps(link: RunLink, name: string, tool: unknown, options: KeptOptions): unknown {
  if (typeof tool !== 'object' || tool === null) return tool;
  const { execute } = tool as { readonly execute?: unknown };
  if (typeof execute !== 'function') return tool;
  const call = execute as Execute;
  const wrapped: Execute = function (input, callOptions) {
    const { run } = link;
    if (run === undefined || run.isTerminal || run.awaiting !== null) {
      return call.call(this, input, callOptions);
    }
    return asStep(run, name, input, options, () => call.call(this, input, callOptions));
  };
  const copy = Object.create(Object.getPrototypeOf(tool) as object | null) as object;
  return Object.assign(copy, tool, { execute: wrapped });
}

/**
 * Calls a tool as a step. A tool may return its result, a promise, or a generator of preliminary results,
 * the last of which counts.
 */
function asStep(
  run: AnyRun,
  name: string,
  input: unknown,
  { inputs = true, outputs = false }: KeptOptions,
  call: () => unknown,
): unknown {
  const given: { stream?: BitByBit } = {};
  const result = run.step(
    stepName(name),
    () => {
      const answer = call();
      if (!isAsyncIterable(answer)) return answer;
      return new Promise<unknown>((resolve, reject) => {
        given.stream = { bits: answer, resolve, reject };
      });
    },
    { input: inputs ? keptOf(input) : undefined, output: outputs },
  );
  // Set by the function above, which `step` calls before it returns.
  if (given.stream === undefined) return result;
  result.catch(() => undefined);
  return relay(given.stream);
}

/** A result that a tool gives bit by bit, and what ends the tool's step. */
interface BitByBit {
  readonly bits: AsyncIterable<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

async function* relay({ bits, resolve, reject }: BitByBit): AsyncGenerator {
  let last: unknown;
  try {
    for await (const bit of bits) {
      last = bit;
      yield bit;
    }
  } catch (error) {
    reject(error);
    throw error;
  } finally {
    resolve(last);
  }
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
