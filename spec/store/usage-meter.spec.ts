import { Run } from 'agent-run';
import { MemoryRunStore } from 'agent-run/store';
import { UsageMeter } from 'agent-run/usage';

const USAGE = { input_tokens: 100, output_tokens: 20, total_tokens: 120 };

describe('a metered run in a store', () => {
  it('takes what its meter has counted along, so that nothing is counted again', async () => {
    const store = new MemoryRunStore();
    const run = new Run({ sessionId: 'session-1' });
    const recorder = store.track(run);
    run.updateStatus('running');
    const meter = new UsageMeter(run, { provider: 'openai', model: 'gpt-5' });
    await recorder.flush();
    meter.record(USAGE, { format: 'openai-responses', requestId: 'request-1' });
    await recorder.flush();

    const read = await store.get(run.id);
    UsageMeter.restore(read!).record(USAGE, { format: 'openai-responses', requestId: 'request-1' });
    expect(read!.tokenUsage).toEqual(run.tokenUsage);
    await store.close();
  });
});
