import {
  APIConnectionTimeoutError as AnthropicTimeout,
  APIUserAbortError as AnthropicAbort,
} from '@anthropic-ai/sdk';
import { APIConnectionTimeoutError, APIUserAbortError, RateLimitError } from 'openai';
import { Run } from 'agent-run';
import { UsageMeter } from 'agent-run/usage';
import { wasAborted } from '../../lib/frameworks/abort';
import { parsedText } from '../../lib/frameworks/parsed-text';
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

  it('counts one request where it is aborted, or fails after the end of its run, and none else', () => {
    const used = (error: Error, end: (run: Run) => unknown = () => undefined): object => {
      const run = newRun();
      const call = new RunLink({ run }).beginCall(run, 'gpt-5');
      end(run);
      call.failed(error);
      return run.tokenUsage;
    };
    const LOST = { requests: 1, unpriced_requests: 1 };
    expect(used(new APIUserAbortError())).toEqual(LOST);
    expect(used(new Error('Gone'), (run) => run.cancel())).toEqual(LOST);
    expect(used(new Error('401'))).toEqual({});
  });

  it('hears no more of its signal once it has failed or has been counted', () => {
    const run = newRun();
    const page = new AbortController();
    const link = new RunLink({ run, provider: 'openai' });
    link.beginCall(run, 'gpt-5').until(page.signal).failed(new Error('401'));
    link.beginCall(run, 'gpt-5').until(page.signal).used(USAGE);
    page.abort();
    expect(run.tokenUsage).toMatchObject({ requests: 1, input_tokens: 1000 });
    expect(run.tokenUsage).not.toHaveProperty('unpriced_requests');
  });

  it.each([
    ['gpt-5', 'gpt-5-mini', 'gpt-5-mini'],
    ['gpt-5', null, 'gpt-5'],
    ['gpt-5', '', 'gpt-5'],
    ['gpt-5', 5, 'gpt-5'],
    ['', undefined, 'unknown'],
    [null, null, 'unknown'],
    [undefined, 'gpt-5', 'gpt-5'],
  ])('of model %j, answered by %j, is counted for %s', (asked, model, name) => {
    const run = newRun();
    new RunLink({ run, provider: 'openai' }).beginCall(run, asked).used(USAGE, { model });
    expect(Object.keys(new UsageMeter(run).byModel())).toEqual([name]);
  });
});

describe('wasAborted()', () => {
  it.each([
    ['a signal', new DOMException('This operation was aborted', 'AbortError')],
    ['a signal with a time', new DOMException('The operation was aborted due to timeout', 'TimeoutError')],
    ['Node', Object.assign(new Error('The operation was aborted'), { name: 'AbortError' })],
    ["OpenAI's client", new APIUserAbortError()],
    ["OpenAI's client, whose time was over", new APIConnectionTimeoutError()],
    ["Anthropic's client", new AnthropicAbort()],
    ["Anthropic's client, whose time was over", new AnthropicTimeout({})],
  ])('knows an abort by %s', (_who, error) => {
    expect(wasAborted(error)).toBe(true);
  });

  it.each([
    ['a refusal', new RateLimitError(429, undefined, 'Slow down', new Headers())],
    ['another error', new Error('AbortError')],
    ['what is no error', { name: 'AbortError' }],
    ['nothing', undefined],
  ])('takes %s for no abort', (_what, error) => {
    expect(wasAborted(error)).toBe(false);
  });
});

describe('parsedText()', () => {
  it.each([
    ['{"city":"Oslo"}', { city: 'Oslo' }],
    ['7', 7],
    ['Oslo', 'Oslo'],
    ['', ''],
    [undefined, undefined],
    [['7'], ['7']],
  ])('makes of %j %j', (value, parsed) => {
    expect(parsedText(value)).toEqual(parsed);
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

  it('throws how a run has ended before a call that comes after', () => {
    const ending = (end: (run: Run) => unknown): unknown => {
      const run = new Run({ sessionId: 's' });
      run.updateStatus('running');
      end(run);
      try {
        return new RunLink({ run }).beginCall(run, 'gpt-5');
      } catch (error) {
        return error;
      }
    };
    const error = { code: 'limit_exceeded', message: 'No turn is left', details: { limit: 'maxTurns' } };
    expect(ending((run) => run.setError(error))).toMatchObject(error);
    expect(ending((run) => run.setError({ message: 'Broken' }))).toMatchObject({
      code: 'invalid_operation',
      message: 'Broken',
    });
    expect(ending((run) => run.setError({ code: 7, reason: 'Broken', details: 'none' }))).toMatchObject({
      code: 'invalid_operation',
      message: expect.stringMatching(/^Run \S+ was ended as "failed"$/) as string,
    });
  });

  it('lets a call of a completed run pass, says nothing of it and counts no turn', () => {
    const errors: unknown[] = [];
    const run = new Run({ sessionId: 's' });
    run.updateStatus('running');
    run.setOutput({ done: true });
    new RunLink({ run, provider: 'openai', onError: (error) => errors.push(error) })
      .beginCall(run, 'gpt-5')
      .used(USAGE);
    expect(run.turnCount).toBe(0);
    expect(run.tokenUsage).toMatchObject({ requests: 1 });
    expect(errors).toEqual([]);
  });

  it('keeps an error to itself where nobody wants to hear of it', () => {
    const spy = jest.spyOn(process, 'nextTick');
    const run = new Run({ sessionId: 's' });
    const result = new RunLink({ run }).safely(() => run.addCost(-1));
    const later = spy.mock.calls.length;
    spy.mockRestore();
    expect(result).toBeUndefined();
    expect(later).toBe(0);
  });

  it('has one meter for a run: its own where no options are given', () => {
    const run = new Run({ sessionId: 's' });
    const none = { provider: undefined, model: null, prices: undefined, onWarning: undefined };
    expect(new RunLink({ run, ...none }).meterOf(run)).toBe(UsageMeter.of(run));
    const link = new RunLink({ run, provider: 'openai' });
    expect(link.meterOf(run)).not.toBe(UsageMeter.of(run));
    expect(link.meterOf(run)).toBe(link.meterOf(run));
  });

  it('takes the id of a response once in each run', () => {
    const [one, other] = [new Run({ sessionId: 's' }), new Run({ sessionId: 's' })];
    const link = new RunLink({});
    expect([link.requestIdOf(one, 'a'), link.requestIdOf(one, 'a')]).toEqual(['a', null]);
    expect([link.requestIdOf(other, 'a'), link.requestIdOf(one, 'b')]).toEqual(['a', 'b']);
    for (const none of [undefined, null, '', 7]) expect(link.requestIdOf(one, none)).toBeNull();
  });
});
