/** Payloads: taken in, written, read. */
import { Run } from '../built';
import type { Subject } from '../subject';
import { repeated } from '../subject';
import { payloadOf, SESSION_ID } from '../work';

/** About how large the payload is, as JSON. */
interface Sized {
  readonly bytes: number;
}

export function takeIn({ bytes }: Sized): Subject {
  const payload = payloadOf(bytes);
  const run = new Run({ sessionId: SESSION_ID });
  return repeated(() => (run.metadata = payload));
}

export function stringify({ bytes }: Sized): Subject {
  const payload = payloadOf(bytes);
  return repeated(() => JSON.stringify(payload));
}

export function toJson({ bytes }: Sized): Subject {
  const run = completed(bytes);
  return repeated(() => run.toJSON());
}

export function fromJson({ bytes }: Sized): Subject {
  const json: unknown = JSON.parse(JSON.stringify(completed(bytes)));
  return repeated(() => Run.fromJSON(json));
}

export function stringifyRun({ bytes }: Sized): Subject {
  const run = completed(bytes);
  return repeated(() => JSON.stringify(run));
}

export function stringifyPlain({ bytes }: Sized): Subject {
  const json: unknown = JSON.parse(JSON.stringify(completed(bytes)));
  return repeated(() => JSON.stringify(json));
}

function completed(bytes: number): InstanceType<typeof Run> {
  const run = new Run({ sessionId: SESSION_ID, input: { prompt: 'What is open?' } });
  return run.updateTokenUsage({ input_tokens: 100, output_tokens: 50 }).setOutput(payloadOf(bytes));
}
