import { Run } from 'agent-run';
import { RunLink } from '../../lib/frameworks/run-link';

const USAGE = { usage: { prompt_tokens: 1000, completion_tokens: 100, total_tokens: 1100 } };

describe('ModelCall', () => {
  const newRun = (): Run => new Run({ sessionId: 's' });

  it('counts what it has used once', () => {
    const run = newRun();
    const call = new RunLink({ run, provider: 'openai' }).beginCall(run, 'gpt-5');
    call.used(USAGE);
    call.used(USAGE);
    call.lost();
    expect(run.tokenUsage).toEqual({
      requests: 1,
      input_tokens: 1000,
      output_tokens: 100,
      total_tokens: 1100,
    });
    expect(run.costUsd).toBe(0.00225);
  });

  it('counts one request without a price where it is lost', () => {
    const run = newRun();
    const call = new RunLink({ run }).beginCall(run, 'gpt-5');
    call.lost();
    call.lost();
    expect(run.tokenUsage).toEqual({ requests: 1, unpriced_requests: 1 });
  });

  it('counts what comes in the end in place of the request that was given up', () => {
    const run = newRun();
    const page = new AbortController();
    const call = new RunLink({ run, provider: 'openai' }).beginCall(run, 'gpt-5').until(page.signal);
    page.abort();
    expect(run.tokenUsage).toMatchObject({ requests: 1, unpriced_requests: 1 });
    call.used(USAGE, { responseId: 'late' });
    expect(run.tokenUsage).toMatchObject({ requests: 1, input_tokens: 1000, output_tokens: 100 });
    expect(run.tokenUsage.unpriced_requests ?? 0).toBe(0);
    expect(run.costUsd).toBe(0.00225);
  });

  it('counts nothing for a call whose signal has aborted before, and that is refused', () => {
    const run = newRun();
    const call = new RunLink({ run }).beginCall(run, 'gpt-5').until(AbortSignal.abort());
    call.failed(new Error('Not made'));
    expect(run.tokenUsage).toEqual({});
  });
});

describe('RunLink', () => {
  it('counts usage that cannot be read as one request without a price, and tells of it', () => {
    const run = new Run({ sessionId: 's' });
    const errors: unknown[] = [];
    const link = new RunLink({ run, onError: (error) => errors.push(error) });
    link.beginCall(run, 'gpt-5').used({ usage: { prompt_tokens: -5 } });
    expect(run.tokenUsage).toEqual({ requests: 1, unpriced_requests: 1 });
    expect(errors).toEqual([expect.objectContaining({ code: 'validation_error' })]);
  });

  it('lets what onError throws surface on the next tick, and not in the framework', () => {
    const later: (() => unknown)[] = [];
    const spy = jest.spyOn(process, 'nextTick').mockImplementation((fn) => {
      later.push(fn as () => unknown);
    });
    const run = new Run({ sessionId: 's' });
    const link = new RunLink({
      run,
      onError: () => {
        throw new Error('Mine');
      },
    });
    link.safely(() => run.addCost(-1));
    spy.mockRestore();
    expect(later).toHaveLength(1);
    expect(later[0]).toThrow('Mine');
  });
});
