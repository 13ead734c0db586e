import { once } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { startExample } from '../examples/program';

interface OtlpAttribute {
  readonly key: string;
  readonly value: object;
}

interface OtlpSpan {
  readonly name: string;
  readonly kind: number;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly OtlpAttribute[];
  readonly events: readonly { readonly name: string }[];
  readonly status: object;
}

interface OtlpPoint {
  readonly attributes: readonly OtlpAttribute[];
  readonly count: number;
  readonly sum: number;
  readonly explicitBounds: readonly number[];
}

interface OtlpMetric {
  readonly name: string;
  readonly unit: string;
  readonly histogram: { readonly dataPoints: readonly OtlpPoint[] };
}

interface TraceMessage {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}

interface MetricMessage {
  readonly resourceMetrics: readonly {
    readonly scopeMetrics: readonly { readonly metrics: readonly OtlpMetric[] }[];
  }[];
}

/** A collector of OTLP over HTTP, in JSON. */
class Collector {
  readonly spans: OtlpSpan[] = [];
  metrics: readonly OtlpMetric[] = [];
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      void this.#receive(request).then(() =>
        response.setHeader('content-type', 'application/json').end('{}'),
      );
    });
  }

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** The span of a name. */
  span(name: string): OtlpSpan {
    const [found, ...others] = this.spans.filter((span) => span.name === name);
    expect(others).toEqual([]);
    return found!;
  }

  async #receive(request: IncomingMessage): Promise<void> {
    const message: unknown = JSON.parse(await text(request));
    if (request.url === '/v1/traces') {
      const { resourceSpans } = message as TraceMessage;
      this.spans.push(...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)));
    } else if (request.url === '/v1/metrics') {
      const { resourceMetrics } = message as MetricMessage;
      this.metrics = resourceMetrics.flatMap(({ scopeMetrics }) =>
        scopeMetrics.flatMap(({ metrics }) => metrics),
      );
    }
  }
}

const flat = (attributes: readonly OtlpAttribute[]): object =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value]));

describe('a collector', () => {
  const collector = new Collector();

  beforeAll(async () => {
    const endpoint = await collector.listen();
    // In a process of its own: the exporter imports in a way that jest's modules forbid.
    const { code, errors } = await startExample('telemetry', [], {
      environment: { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint },
    }).ended;
    expect([code, errors]).toEqual([0, '']);
  }, 60_000);

  afterAll(() => collector.close());

  it('receives the span of a run over OTLP/HTTP', () => {
    const span = collector.span('invoke_agent planner');
    expect(span).toMatchObject({ kind: 1, status: { code: 0 } });
    expect(span.events.map(({ name }) => name)).toEqual(['agent_run.turn', 'agent_run.turn']);
    expect(flat(span.attributes)).toEqual({
      'gen_ai.operation.name': { stringValue: 'invoke_agent' },
      'gen_ai.conversation.id': { stringValue: 'session-123' },
      'gen_ai.agent.name': { stringValue: 'planner' },
      'gen_ai.usage.input_tokens': { intValue: 1400 },
      'gen_ai.usage.output_tokens': { intValue: 80 },
      'agent_run.id': { stringValue: expect.stringMatching(/^run_/) as string },
      'agent_run.turn_count': { intValue: 2 },
      'agent_run.cost_usd': { doubleValue: 0.0026 },
    });
  });

  it('receives spans in the place where they belong', () => {
    const { spanId } = collector.span('invoke_agent planner');
    expect(collector.span('invoke_agent planner').parentSpanId).toBe(collector.span('POST /answer').spanId);
    expect(collector.span('invoke_agent researcher').parentSpanId).toBe(spanId);
    expect(collector.span('execute_tool search').parentSpanId).toBe(spanId);
    expect(collector.span('invoke_agent critic')).toMatchObject({
      parentSpanId: spanId,
      status: { code: 2 },
    });
  });

  it('receives durations that equal those of the spans', () => {
    const units = Object.fromEntries(collector.metrics.map(({ name, unit }) => [name, unit]));
    expect(units).toEqual({
      'gen_ai.invoke_agent.duration': 's',
      'gen_ai.invoke_agent.inference_calls': '{call}',
      'gen_ai.invoke_agent.tool_calls': '{call}',
    });
    const metric = collector.metrics.find(({ unit }) => unit === 's');
    expect(metric).toMatchObject({ name: 'gen_ai.invoke_agent.duration', unit: 's' });
    const points = metric!.histogram.dataPoints;
    expect(points).toHaveLength(3);
    for (const { attributes, count, sum, explicitBounds } of points) {
      const name = (flat(attributes) as Record<string, { stringValue: string }>)['gen_ai.agent.name']!
        .stringValue;
      const { startTimeUnixNano, endTimeUnixNano } = collector.span(`invoke_agent ${name}`);
      expect(count).toBe(1);
      expect(sum).toBe(Number(BigInt(endTimeUnixNano) - BigInt(startTimeUnixNano)) / 1e9);
      expect(explicitBounds).toEqual([
        0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2, 102.4, 204.8, 409.6,
      ]);
    }
  });
});
