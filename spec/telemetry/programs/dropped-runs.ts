/**
 * Observes 20,000 runs that nobody ends, and prints how many spans are remembered at the end, as JSON.
 * Needs `--expose-gc`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { Run } from 'agent-run';
import { RunTelemetry } from 'agent-run/telemetry';
import { liveRuns } from '../../../lib/telemetry/live-spans';

const COUNT = 20_000;

const telemetry = new RunTelemetry({ tracer: new BasicTracerProvider().getTracer('spec') });

async function main(): Promise<void> {
  for (let index = 0; index < COUNT; index++) {
    const run = new Run({ sessionId: 'session-123' });
    telemetry.observe(run);
    run.updateStatus('running').startStep('left open');
    if (index % 1000 === 0) await sleep(0);
  }
  const observed = liveRuns();
  for (let attempt = 0; attempt < 50 && liveRuns() > 0; attempt++) {
    globalThis.gc?.();
    await sleep(10);
  }
  console.log(JSON.stringify({ observed: observed > 0, left: liveRuns() }));
}

void main();
