import { randomUUID } from 'node:crypto';
import { refuseUnknown } from '../../record/options';
import { RunError, validationError } from '../../record/error';
import { isObject, memberOf } from '../../usage/member';
import { OpenSteps } from '../open-steps';
import type { FrameworkOptions, KeptOptions } from '../options';
import { FRAMEWORK_OPTIONS, KEPT_OPTIONS } from '../options';
import { RunLink } from '../run-link';
import type { Recording } from './current-recording';
import { currentRecording, recordWith } from './current-recording';
import { patchRun } from './patched-run';
import { countingProvider, countModelsOf } from './patched-models';
import { listenTo } from './runner-steps';
import type { OpenRunner, RunMethod, SdkRunner } from './shapes';
import { WhileUsed } from './while-used';

const recordedRunners = new WeakSet<OpenRunner>();
const followed = new WhileUsed(follow);

/** What {@link recordRunner} takes. */
export interface RecordRunnerOptions extends FrameworkOptions, KeptOptions {}

/**
 * Records what a runner of the OpenAI Agents SDK does in the current run. Before each call of a model it
 * checks the limits and counts a turn; usage and cost are counted as each response comes; tools and
 * hand-offs become steps. Agents that are used as tools are recorded too, under their own model's name.
 * Outside a run the runner does what it always did.
 *
 * It counts each response once, so a state that is turned into text and resumed counts nothing twice. Do
 * not record `result.state.usage` beside it.
 *
 * @returns a function that ends it; what is under way is recorded to its end.
 * @throws {RunError} `validation_error` for what is no runner, and for options that are not known; `invalid_operation`
 * for one that is recorded already. In a call of the
 * runner: `limit_exceeded`, and how the run ended where it has been cancelled, has timed out or failed.
 *
 * @example
 * ```ts
 * const runner = new Runner();
 * recordRunner(runner, { provider: 'openai' });
 * await run.execute(({ signal }) => runner.run(agent, input, { signal }).then(({ finalOutput }) => ({ finalOutput })));
 * ```
 */
export function recordRunner(runner: SdkRunner, options: RecordRunnerOptions = {}): () => void {
  refuseUnknown(options, [...FRAMEWORK_OPTIONS, ...KEPT_OPTIONS], 'options of recordRunner');
  const open = runner as unknown as OpenRunner;
  refuseNoRunner(open);
  if (recordedRunners.has(open)) {
    throw new RunError('invalid_operation', 'This runner is recorded already: take that back first');
  }
  recordedRunners.add(open);
  const link = new RunLink(options);
  const begin = (): Recording | undefined => {
    const { run } = link;
    if (run === undefined) return undefined;
    return { run, link, steps: new OpenSteps(options), prefix: randomUUID() };
  };
  const stopFollowing = followed.use(open);
  const unpatch = patchRun(open, (original, nested, parameters) => {
    if (nested === open) return recorded(begin(), original, nested, parameters);
    const around = currentRecording();
    return around?.link !== link ? undefined : recorded(withinTool(around), original, nested, parameters);
  });
  return () => {
    recordedRunners.delete(open);
    unpatch();
    stopFollowing();
  };
}

/** The recording of a runner within a tool: an agent that is used as a tool has a runner of its own. */
function withinTool(around: Recording): Recording {
  return { ...around, prefix: randomUUID(), around: around.tool, tool: undefined };
}

/** Listens to a runner, and makes the models that it asks for count. */
function follow(runner: OpenRunner): () => void {
  const stopListening = listenTo(runner);
  const { config } = runner;
  const { modelProvider } = config;
  const counting = countingProvider(modelProvider);
  config.modelProvider = counting;
  return () => {
    stopListening();
    if (config.modelProvider === counting) config.modelProvider = modelProvider;
  };
}

function recorded(
  recording: Recording | undefined,
  original: RunMethod,
  runner: OpenRunner,
  parameters: unknown[],
): Promise<unknown> {
  if (recording === undefined) return original.apply(runner, parameters);
  const [agent] = parameters;
  const releases = [followed.use(runner), countModelsOf([agent], runner.config.model)];
  const release = (): void => releases.forEach((done) => done());
  return recordWith(recording, async () => {
    try {
      const result = await original.apply(runner, parameters);
      const completed = (result as { readonly completed?: unknown } | null)?.completed;
      // A stream goes on after `run` has returned it.
      if (completed instanceof Promise) void completed.then(release, release);
      else release();
      return result;
    } catch (error) {
      release();
      throw error;
    }
  });
}

function refuseNoRunner(runner: OpenRunner): void {
  const { run, on, off, config } = runner as unknown as Record<string, unknown>;
  const isRunner =
    [run, on, off].every((method) => typeof method === 'function') &&
    isObject(config) &&
    isObject(memberOf(config, 'modelProvider'));
  if (!isRunner) {
    const message = 'must be a Runner of the OpenAI Agents SDK';
    throw validationError('recordRunner', [{ path: 'runner', message }]);
  }
}
