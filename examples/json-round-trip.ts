/** A run as JSON, and back: what goes into a database or over the wire. */
import { isDeepStrictEqual } from 'node:util';
import type { RunJSON } from 'agent-run';
import { Run } from 'agent-run';

const run = new Run({ sessionId: 'session-123', input: { prompt: 'Hi' }, provider: 'openai' });
run.on('statusChanged', () => undefined); // Listeners are no part of the record.
run.updateStatus('running').incrementTurn();
run.updateTokenUsage({ input_tokens: 100, output_tokens: 50 }).addCost(0.00125);
run.setOutput({ response: 'Hello!' });

const text = JSON.stringify(run, null, 2);
console.log(text);

const again = Run.fromJSON(JSON.parse(text));
console.log('equal:', isDeepStrictEqual(again.toJSON(), run.toJSON()));
console.log('took', again.durationMs, 'ms');

// A record of another program: microseconds, and a key that this version does not know.
const record: RunJSON & { score: number } = {
  ...run.toJSON(),
  started_at: '2026-01-01T12:00:00.123456Z',
  score: 5,
};
const { started_at, score } = Run.fromJSON(record).toJSON() as typeof record;
console.log('microseconds kept:', started_at === record.started_at, '- unknown key kept:', score);

// Bad records are refused whole, with every path as it is on the wire.
try {
  Run.fromJSON({ ...run.toJSON(), session_id: 7, turn_count: -1 });
} catch (error) {
  console.log(String(error));
}

// Prints:
// {
//   "id": "run_01a205e4287c735c982a8ababfb99f2e",
//   "session_id": "session-123",
//   "status": "completed",
//   "input": {
//     "prompt": "Hi"
//   },
//   "output": {
//     "response": "Hello!"
//   },
//   "error": null,
//   "metadata": {},
//   "turn_count": 1,
//   "token_usage": {
//     "input_tokens": 100,
//     "output_tokens": 50
//   },
//   "started_at": "2026-11-23T00:52:48.380Z",
//   "ended_at": "2026-11-23T00:52:48.380Z",
//   "provider": "openai",
//   "cost_usd": 0.00125,
//   "provider_metadata": {},
//   "running_at": "2026-11-23T00:52:48.380Z"
// }
// equal: true
// took 0 ms
// microseconds kept: true - unknown key kept: 5
// RunError: Invalid record: session_id must be a string; turn_count must not be negative
