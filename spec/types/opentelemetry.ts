/** What a user of OpenTelemetry may hand in. */
import { metrics, trace } from '@opentelemetry/api';
import { RunTelemetry } from 'agent-run/telemetry';

new RunTelemetry({ tracer: trace.getTracer('mine'), meter: metrics.getMeter('mine') });
// @ts-expect-error: a meter is no tracer
new RunTelemetry({ tracer: metrics.getMeter('mine') });
