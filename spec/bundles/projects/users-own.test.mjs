/** A user's own test, by jest and by vitest: comparing runs, and recording under fake timers. */
import { Run } from 'agent-run';
import { MemoryRunStore } from 'agent-run/store';

const timers = import.meta.jest ?? globalThis.vi;

test('two runs are not equal', () => {
  expect(new Run({ sessionId: 'a' })).not.toEqual(new Run({ sessionId: 'a' }));
});

test('a flush settles under fake timers', async () => {
  timers.useFakeTimers();
  const store = new MemoryRunStore();
  const run = new Run({ sessionId: 'a' });
  const recorder = store.track(run);
  run.updateStatus('running').setOutput({ text: 'Hello!' });
  await recorder.flush();
  expect((await store.get(run.id)).status).toBe('completed');
  timers.useRealTimers();
});
