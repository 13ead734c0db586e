import type { RunError, UsageUpdatedEvent } from 'agent-run';
import { Run } from 'agent-run';
import type { UsageMeterOptions, UsageWarning } from 'agent-run/usage';
import { UsageMeter } from 'agent-run/usage';
import type { ReadOptions } from '../../lib/usage/read-usage';
import { readUsage } from '../../lib/usage/read-usage';
import type { Readings } from '../../lib/usage/reading';
import type { Sighting } from '../../lib/usage/sighting';

/** A run with its meter, and what both say. */
export interface Metered {
  readonly run: Run;
  readonly meter: UsageMeter;
  readonly updates: UsageUpdatedEvent[];
  readonly warnings: UsageWarning[];
}

/** A metered run; gpt-5 of OpenAI unless the options say otherwise. */
export function metered(options: UsageMeterOptions = {}): Metered {
  const run = new Run({ sessionId: 'session-1' });
  const updates: UsageUpdatedEvent[] = [];
  const warnings: UsageWarning[] = [];
  run.on('usageUpdated', (event) => updates.push(event));
  const onWarning = (warning: UsageWarning): void => {
    warnings.push(warning);
  };
  const meter = new UsageMeter(run, { provider: 'openai', model: 'gpt-5', onWarning, ...options });
  return { run, meter, updates, warnings };
}

/** The run as another process reads it. */
export function reread(run: Run): Run {
  return Run.fromJSON(JSON.parse(JSON.stringify(run)));
}

/** The usage of a chat completion; input and output in tokens. */
export function chat(input: number, output: number): object {
  return { prompt_tokens: input, completion_tokens: output, total_tokens: input + output };
}

/** The error that the action throws. */
export function refusal(action: () => unknown): RunError {
  try {
    action();
  } catch (error) {
    return error as RunError;
  }
  throw new Error('nothing was refused');
}

/** Nothing is known but the object. */
export const OPTIONS: ReadOptions = { format: null, provider: null, model: null, defaultModel: null };

/** Reads an object that is found to be usage. */
export function read(
  usage: object,
  options: Partial<ReadOptions> = {},
  sighting: Partial<Sighting> = {},
): Readings {
  const found = readUsage(
    { usage, key: 'usage', path: 'usage', around: [{ usage }], ...sighting },
    { ...OPTIONS, ...options },
  );
  if (found === null) throw new Error('no usage was found');
  return found;
}
