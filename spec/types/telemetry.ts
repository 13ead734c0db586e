import { Run } from 'agent-run';
import type { RunTelemetryOptions } from 'agent-run/telemetry';
import { RunTelemetry } from 'agent-run/telemetry';

interface Question {
  prompt: string;
}

interface Answer {
  response: string;
}

const telemetry = new RunTelemetry({
  agentName: 'researcher',
  captureContent: true,
} satisfies RunTelemetryOptions);
const run = new Run<Question, Answer>({ sessionId: 'session-123', input: { prompt: 'Hi' } });

const stop: () => void = telemetry.observe(run);
stop();

// @ts-expect-error: no such option
new RunTelemetry({ agent: 'researcher' });
// @ts-expect-error: an id is no run
telemetry.observe(run.id);
