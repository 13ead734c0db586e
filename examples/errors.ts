/** What the package refuses, how it says so, and what becomes of the run: nothing changes. */
import { Run, RunError } from 'agent-run';

function attempt(what: string, action: () => unknown): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    console.log(`${what}: ${error.code}`);
    console.log(`  ${error.message}`);
    console.log(`  ${JSON.stringify(error.details)}`);
  }
}

attempt('no session', () => new Run({ sessionId: '' }));
attempt('a payload that JSON cannot carry', () => {
  return new Run({ sessionId: 'session-123', input: { rows: [{ total: 10n }, { total: NaN }] } });
});

const run = new Run({ sessionId: 'session-123', id: 'run-1' });
attempt('a word that is no status', () => run.updateStatus('done' as 'completed'));

run.updateStatus('running').cancel('The user closed the page');
attempt('a late worker', () => run.setOutput({ response: 'Hello!' }));
attempt('a late turn', () => run.incrementTurn());
console.log('still:', run.status, run.error);

// Usage and cost are counted after the end too: providers report late.
run.updateTokenUsage({ input_tokens: 100 });
attempt('a negative count', () => run.updateTokenUsage({ input_tokens: 5, output_tokens: -1 }));
console.log('counted:', run.tokenUsage);

// What the agent threw is kept as a record that is fit for an API: its stack only on request.
const failed = new Run({ sessionId: 'session-123' });
failed.setError(new Error('The model is away', { cause: new Error('connect ECONNREFUSED') }));
console.log('failed with:', failed.error);

// Prints:
// no session: validation_error
//   Invalid run: sessionId cannot be empty
//   {"issues":[{"path":"sessionId","message":"cannot be empty"}]}
// a payload that JSON cannot carry: validation_error
//   Invalid run: input.rows[0].total cannot be a bigint; input.rows[1].total must be a finite number
//   {"issues":[{"path":"input.rows[0].total","message":"cannot be a bigint"},{"path":"input.rows[1].total","message":"must be a finite number"}]}
// a word that is no status: invalid_status
//   Run run-1 cannot go to "done": no such status (known: pending, running, completed, failed, cancelled, timeout)
//   {"from":"pending","to":"done","allowed":["pending","running","completed","failed","cancelled","timeout"]}
// a late worker: invalid_transition
//   Run run-1 cannot go from "cancelled" to "completed" (allowed: none)
//   {"from":"cancelled","to":"completed","allowed":[]}
// a late turn: invalid_operation
//   Run run-1 is "cancelled": it takes no more turns
//   {"from":"cancelled","to":"cancelled","allowed":[]}
// still: cancelled { code: 'cancelled', message: 'The user closed the page' }
// a negative count: validation_error
//   Invalid usage: usage.output_tokens must not be negative
//   {"issues":[{"path":"usage.output_tokens","message":"must not be negative"}]}
// counted: { input_tokens: 100 }
// failed with: {
//   name: 'Error',
//   message: 'The model is away',
//   cause: { name: 'Error', message: 'connect ECONNREFUSED' }
// }
