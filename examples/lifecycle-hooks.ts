/** Subscribes to a run: what a service does at the start, at each turn, and at the end. */
import { Run } from 'agent-run';

const run = new Run({ sessionId: 'session-123', input: { prompt: 'Hi' } });

run.on('statusChanged', ({ from, to }) => console.log(`${from} -> ${to}`));
run.on('turnIncremented', ({ turnCount }) => console.log(`turn ${turnCount}`));
run.on('usageUpdated', ({ delta, tokenUsage }) => console.log('added', delta, 'now', tokenUsage));
run.on('attributesChanged', ({ names }) => console.log(`changed: ${names.join(', ')}`));

// A hook that fails costs the run nothing: the other listeners run, and the failure is told.
run.once('turnIncremented', () => {
  throw new Error('the metrics server is away');
});
run.on('listenerError', ({ event, error }) => console.log(`a ${event} hook failed:`, String(error)));

run.updateStatus('running');
run.incrementTurn();
run.updateTokenUsage({ input_tokens: 100, output_tokens: 20 });
run.incrementTurn();
run.updateTokenUsage({ input_tokens: 180, output_tokens: 30, input_tokens_details: { cached_tokens: 90 } });
run.metadata = { ...run.metadata, reviewed: true };
run.setOutput({ response: 'Hello!' });

console.log(`${run.turnCount} turns, ended: ${run.isTerminal}, output:`, run.output);

// Prints:
// pending -> running
// turn 1
// a turnIncremented hook failed: Error: the metrics server is away
// added { input_tokens: 100, output_tokens: 20 } now { input_tokens: 100, output_tokens: 20 }
// turn 2
// added {
//   input_tokens: 180,
//   output_tokens: 30,
//   input_tokens_details: { cached_tokens: 90 }
// } now {
//   input_tokens: 280,
//   output_tokens: 50,
//   input_tokens_details: { cached_tokens: 90 }
// }
// changed: metadata
// running -> completed
// 2 turns, ended: true, output: { response: 'Hello!' }
