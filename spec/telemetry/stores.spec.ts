import { Run } from 'agent-run';
import { MemoryRunStore } from 'agent-run/store';
import { startTelemetry, useTelemetry } from './kit';

const kit = useTelemetry();

describe('a run in a store', () => {
  it('links back to its first trace when another process recovers it', async () => {
    const store = new MemoryRunStore();
    const run = new Run({ sessionId: 'session-123' });
    const recorder = store.track(run);
    kit().telemetry.observe(run);
    run.updateStatus('running').updateTokenUsage({ input_tokens: 5 });
    await recorder.flush();
    const found = await store.get(run.id);
    run.setOutput({});
    await recorder.flush();
    await store.close();

    const there = startTelemetry();
    there.telemetry.observe(found!.setError({ code: 'orphaned', message: 'Its process is gone' }));
    const { traceId, spanId } = kit().span().spanContext();
    expect(there.span().links).toMatchObject([{ context: { traceId, spanId } }]);
    expect(there.span().attributes).toMatchObject({
      'error.type': 'orphaned',
      'gen_ai.usage.input_tokens': 5,
    });
    await there.shutdown();
  });
});
