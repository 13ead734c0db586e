import type { UsageUpdatedEvent } from 'agent-run';
import { Run } from 'agent-run';
import type { UsageWarning } from 'agent-run/usage';
import { UsageMeter } from 'agent-run/usage';

function newRun(): { run: Run; updates: UsageUpdatedEvent[] } {
  const run = new Run({ sessionId: 'session-1' });
  const updates: UsageUpdatedEvent[] = [];
  run.on('usageUpdated', (event) => updates.push(event));
  return { run, updates };
}

const chat = (input: number, output: number): object => ({
  prompt_tokens: input,
  completion_tokens: output,
  total_tokens: input + output,
});

describe('UsageMeter', () => {
  describe('.record()', () => {
    it('counts and prices a request in one event', () => {
      const { run, updates } = newRun();
      const meter = new UsageMeter(run, { provider: 'openai', model: 'gpt-5' });
      const recorded = meter.record(chat(1000, 100));
      const counters = { input_tokens: 1000, output_tokens: 100, total_tokens: 1100, requests: 1 };
      expect(recorded).toEqual({ counters, costUsd: 0.00225 });
      expect(run.tokenUsage).toEqual(counters);
      expect(run.costUsd).toBe(0.00225);
      expect(updates).toHaveLength(1);
      expect(updates[0]).toMatchObject({ delta: counters, tokenUsage: counters, costUsd: 0.00225 });
    });

    it('prices each request by itself: a tier goes by the single request', () => {
      const { run } = newRun();
      const meter = new UsageMeter(run, { provider: 'google', model: 'gemini-2.5-pro' });
      for (let request = 0; request < 10; request++) {
        meter.record({ promptTokenCount: 100_000, candidatesTokenCount: 1000, totalTokenCount: 101_000 });
      }
      expect(run.costUsd).toBe(1.35);
    });

    it('prices a total of several requests as so many equal ones', () => {
      const { run } = newRun();
      const meter = new UsageMeter(run, { provider: 'google', model: 'gemini-2.5-pro' });
      meter.record({ requests: 10, inputTokens: 1_000_000, outputTokens: 10_000, totalTokens: 1_010_000 });
      expect(run.costUsd).toBe(1.35);
    });

    it('leaves the cost and counts the request as unpriced where the model is unknown', () => {
      const { run } = newRun();
      const warnings: UsageWarning[] = [];
      const meter = new UsageMeter(run, {
        provider: 'openai',
        onWarning: (warning) => warnings.push(warning),
      });
      meter.record(chat(10, 1), { model: 'gpt-5' });
      const before = run.costUsd;
      for (const model of ['nosuch', 'nosuch', 'neither']) meter.record(chat(10, 1), { model });
      expect(run.costUsd).toBe(before);
      expect(run.tokenUsage).toMatchObject({ requests: 4, unpriced_requests: 3 });
      expect(warnings.map(({ model, reason }) => [model, reason])).toEqual([
        ['nosuch', 'model_unknown'],
        ['neither', 'model_unknown'],
      ]);
    });
  });
});
