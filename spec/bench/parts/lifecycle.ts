import { compare } from '../compare';
import type { Part, PartResult } from '../report';
import { slowness } from '../report';

const OF_FLOOR = { 0: 2, 1: 2.2, 3: 2.2 } as const;

/** A life of a run against the floor, and peers that do the same against `Run`. */
export const lifecycle: Part = {
  name: 'lifecycle',
  async run(progress): Promise<PartResult> {
    const rows = [];
    for (const [index, listeners] of ([0, 1, 3] as const).entries()) {
      const [run] = await compare({
        base: subject('floor', 'floor', listeners),
        candidates: [subject(`Run, ${listeners} listeners on each event`, 'run', listeners)],
        progress: (share) => progress(0.15 * (index + share)),
      });
      rows.push(slowness(run!, 'the floor', { atMost: OF_FLOOR[listeners] }));
    }
    const peers = await compare({
      base: subject('Run', 'run', 0),
      candidates: PEERS.map(({ address }) => address),
      progress: (share) => progress(0.45 + 0.55 * share),
    });
    rows.push(...peers.map((peer, index) => slowness(peer, 'Run', PEERS[index]!.figure)));
    return { title: TITLE, rows, notes: NOTES };
  },
};

const TITLE = 'One life of a run: created, 22 changes, JSON text, read back';

const PEERS = [
  { address: subject('class-transformer and class-validator, plain use', 'plain', 0), figure: undefined },
  { address: peer('xstate actor', 'xstate'), figure: { atLeast: 5 } },
  { address: peer('LangSmith RunTree', 'langsmith'), figure: { atLeast: 3 } },
  { address: peer('OpenAI Agents RunState', 'openai-agents'), figure: { atLeast: 3 } },
  { address: peer('OpenTelemetry span', 'otel-span'), figure: { atLeast: 1.5 } },
];

const NOTES = [
  'the floor keeps payloads as they are; Run checks and copies input, metadata, output and every usage update',
  'the floor and plain use accept any transition they are asked for in the benchmark; a listener that throws breaks both',
  'xstate: no id, no time format, no check of anything that is read back; its context has no payload copied',
  'LangSmith RunTree: tracing off, nothing sent; it has no statuses (events stand for them), and no read: the constructor takes the parsed record',
  'OpenAI Agents RunState: input and output are text, the metadata travels as context; it has no listeners and no times; it checks what it reads with zod',
  'OpenTelemetry span: counters are attributes, payloads text; written as OTLP JSON (bytes) and never read back',
  'Elixir reference: not measured, there is no Elixir on this machine',
];

function subject(name: string, module: string, listeners: number) {
  return { name, module: `subjects/${module}`, factory: 'lifecycle', parameters: { listeners } };
}

function peer(name: string, module: string) {
  return { name, module: `peers/${module}`, factory: 'lifecycle' };
}
