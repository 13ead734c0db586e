import { isObject, memberOf, textOf } from '../../usage/member';
import { parsedText } from '../parsed-text';
import type { Recording } from './current-recording';
import { currentRecording, enterTool } from './current-recording';
import type { Listener, OpenRunner } from './shapes';

/** The beginning of the message by which the SDK tells the model that a tool threw. */
const FAILURE = 'An error occurred while running the tool';

/**
 * Listens to a runner's tools and hand-offs, for the recording that its code is part of.
 *
 * @returns a function that stops it.
 */
export function listenTo(runner: OpenRunner): () => void {
  const listeners: readonly (readonly [string, Listener])[] = [
    ['agent_tool_start', toolStarted],
    ['agent_tool_end', toolEnded],
    ['agent_handoff', handedOff],
  ];
  for (const [event, listener] of listeners) runner.on(event, listener);
  return () => {
    for (const [event, listener] of listeners) runner.off(event, listener);
  };
}

function toolStarted(_context: unknown, _agent: unknown, tool: unknown, details: unknown): void {
  const recording = currentRecording();
  if (recording === undefined) return;
  const call = toolCallIn(details);
  const id = stepIdOf(recording, call);
  const { link, steps, run, around: parent } = recording;
  const name = isObject(tool) ? textOf(tool, 'name', 'type') : null;
  const input = parsedText(memberOf(call, 'arguments') ?? memberOf(call, 'action'));
  link.safely(() => steps.start(run, id, { name: name ?? 'tool', kind: 'tool', input, parent }));
  enterTool(recording, id);
}

function toolEnded(
  _context: unknown,
  _agent: unknown,
  _tool: unknown,
  result: unknown,
  details: unknown,
): void {
  const recording = currentRecording();
  if (recording === undefined) return;
  const failed = typeof result === 'string' && result.startsWith(FAILURE);
  const end = failed ? { error: result } : { output: parsedText(result) };
  recording.link.safely(() => recording.steps.end(stepIdOf(recording, toolCallIn(details)), end));
}

function handedOff(_context: unknown, from: unknown, to: unknown): void {
  const recording = currentRecording();
  if (recording === undefined) return;
  const { link, steps, run, prefix, around: parent } = recording;
  const [fromName, name] = [from, to].map((agent) => (isObject(agent) ? textOf(agent, 'name') : null));
  const id = `${prefix}:handoff`;
  link.safely(() => {
    steps.start(run, id, { name: name ?? 'agent', kind: 'handoff', input: { from: fromName }, parent });
    steps.end(id, {});
  });
}

function stepIdOf({ prefix }: Recording, call: object): string {
  return `${prefix}:${textOf(call, 'callId', 'id') ?? ''}`;
}

function toolCallIn(details: unknown): object {
  const call = isObject(details) ? memberOf(details, 'toolCall') : undefined;
  return isObject(call) ? call : {};
}
