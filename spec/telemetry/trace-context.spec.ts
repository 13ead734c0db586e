import type { SpanContext } from '@opentelemetry/api';
import { createTraceState } from '@opentelemetry/api';
import { Run } from 'agent-run';
import fc from 'fast-check';
import { remoteSpanOf, traceContextOf } from '../../lib/telemetry/trace-context';
import type { TelemetryKit } from './kit';
import { startTelemetry, useContextManager, useDiagnostics } from './kit';

useContextManager();
const diagnostics = useDiagnostics();

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const SPAN_ID = 'b7ad6b7169203331';

const span: SpanContext = { traceId: TRACE_ID, spanId: SPAN_ID, traceFlags: 1 };

describe('a trace context', () => {
  it('is written as W3C has it', () => {
    expect(traceContextOf(span)).toEqual({ traceparent: `00-${TRACE_ID}-${SPAN_ID}-01` });
    expect(traceContextOf({ ...span, traceFlags: 0, traceState: createTraceState('a=1,b=2') })).toEqual({
      traceparent: `00-${TRACE_ID}-${SPAN_ID}-00`,
      tracestate: 'a=1,b=2',
    });
  });

  it('is none of a span in no trace', () => {
    expect(traceContextOf({ ...span, traceId: '0'.repeat(32) })).toBeNull();
  });

  it('comes back as the span that it names', () => {
    const kept = { traceparent: `00-${TRACE_ID}-${SPAN_ID}-01`, tracestate: 'a=1' };
    expect(remoteSpanOf(kept)).toMatchObject({ ...span, isRemote: true });
    expect(traceContextOf(remoteSpanOf(kept)!)).toEqual(kept);
  });

  it('of a later version is read as far as it is known', () => {
    expect(remoteSpanOf({ traceparent: `01-${TRACE_ID}-${SPAN_ID}-01-more` })).toMatchObject(span);
  });

  for (const traceparent of [
    '',
    'text',
    `ff-${TRACE_ID}-${SPAN_ID}-01`,
    `00-${'0'.repeat(32)}-${SPAN_ID}-01`,
    `00-${TRACE_ID}-${'0'.repeat(16)}-01`,
    `00-${TRACE_ID.toUpperCase()}-${SPAN_ID}-01`,
    `00-${TRACE_ID}-${SPAN_ID}`,
    42,
    null,
  ]) {
    it(`names no span with the traceparent ${JSON.stringify(traceparent)}`, () => {
      expect(remoteSpanOf({ traceparent } as never)).toBeNull();
    });
  }

  it('names a span or none, whatever it is', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (traceparent, tracestate) => {
        const named = remoteSpanOf({ traceparent, tracestate } as never);
        expect(named === null || named.isRemote).toBe(true);
      }),
    );
    expect(remoteSpanOf(null)).toBeNull();
  });
});

describe('a run that goes on in another process', () => {
  let here: TelemetryKit;
  let there: TelemetryKit;

  beforeEach(() => {
    here = startTelemetry();
    there = startTelemetry();
  });

  afterEach(async () => {
    await Promise.all([here.shutdown(), there.shutdown()]);
    expect(diagnostics).toEqual([]);
  });

  const moved = (run: Run): Run => Run.fromJSON(JSON.parse(JSON.stringify(run)));

  it('has its trace context in its JSON once it runs, and tells its listeners', () => {
    const run = new Run({ sessionId: 'session-123' });
    const names: unknown[] = [];
    run.on('attributesChanged', (event) => names.push(...event.names));
    here.telemetry.observe(run);
    expect(run.toJSON()).not.toHaveProperty('trace_context');
    run.updateStatus('running');
    const kept = run.toJSON().trace_context!;
    run.setOutput({});
    const { traceId, spanId } = here.span().spanContext();
    expect(kept).toEqual({ traceparent: `00-${traceId}-${spanId}-01` });
    expect(names).toEqual(['traceContext']);
  });

  it('links back to its first trace', () => {
    const run = new Run({ sessionId: 'session-123' });
    here.telemetry.observe(run);
    const recovered = moved(run.updateStatus('running'));
    run.cancel();
    there.telemetry.observe(recovered);
    recovered.setOutput({});

    const first = here.span().spanContext();
    const second = there.span();
    expect(second.links.map(({ context }) => context)).toEqual([
      { traceId: first.traceId, spanId: first.spanId, traceFlags: 1, isRemote: true },
    ]);
    expect(second.spanContext().traceId).not.toBe(first.traceId);
    expect(second.parentSpanContext).toBeUndefined();
    expect(recovered.traceContext?.traceparent).toContain(second.spanContext().spanId);
  });

  it('links back from the span of a run that was ended for its dead process', () => {
    const run = new Run({ sessionId: 'session-123' });
    here.telemetry.observe(run);
    run.updateStatus('running');
    const orphan = moved(run).setError({ code: 'orphaned', message: 'Its process is gone' });
    run.cancel();
    there.telemetry.observe(orphan);
    expect(there.span().links.map(({ context }) => context.traceId)).toEqual([
      here.span().spanContext().traceId,
    ]);
  });

  it('links back to the request that left it to be run', () => {
    const run = new Run({ sessionId: 'session-123' });
    here.tracer.startActiveSpan('request', (request) => {
      here.telemetry.observe(run);
      request.end();
    });
    const queued = moved(run);
    there.telemetry.observe(queued);
    queued.updateStatus('running').setOutput({});
    expect(there.span().links.map(({ context }) => context.spanId)).toEqual([
      here.span().spanContext().spanId,
    ]);
  });

  it('has no link within one trace', () => {
    const run = new Run({ sessionId: 'session-123' });
    here.tracer.startActiveSpan('request', (request) => {
      here.telemetry.observe(run);
      run.updateStatus('running').setOutput({});
      request.end();
    });
    expect(here.spans().flatMap(({ links }) => links)).toEqual([]);
  });

  it('has no link where its record names no span', () => {
    const run = Run.fromJSON({
      ...new Run({ sessionId: 'session-123' }).toJSON(),
      trace_context: { traceparent: 'text' },
    });
    here.telemetry.observe(run);
    run.setOutput({});
    expect(here.span().links).toEqual([]);
  });
});
