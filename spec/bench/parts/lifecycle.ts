import { compare } from '../compare';
import type { Part, PartResult, Row } from '../report';
import { slowness } from '../report';
import type { SubjectAddress } from '../subject';

/** A life of a run against the floor, and peers that do the same against `Run`. */
export const lifecycle: Part = {
  name: 'lifecycle',
  async run(progress): Promise<PartResult> {
    const rows: Row[] = [];
    for (const [index, { listeners, figure }] of LISTENING.entries()) {
      const run = subject(`Run, listeners on each event: ${listeners}`, 'run', { listeners });
      const byReference = floor('the floor, payloads kept by reference', { listeners, copies: false });
      const [ofRun, ofReference] = await compare({
        base: floor('the floor', { listeners, copies: true }),
        candidates: [run, byReference],
        progress: (share) => progress(0.15 * (index + share)),
      });
      rows.push(slowness(ofRun!, 'the floor', figure));
      if (index === 0) rows.push(slowness(ofReference!, 'the floor'));
    }
    const peers = await compare({
      base: subject('Run', 'run', { listeners: 0 }),
      candidates: PEERS.map(({ address }) => address),
      progress: (share) => progress(0.45 + 0.55 * share),
    });
    rows.push(...peers.map((peer, index) => slowness(peer, 'Run', PEERS[index]!.figure)));
    return { title: TITLE, rows, notes: NOTES };
  },
};

const TITLE = 'One life of a run: created, 22 changes, JSON text of 1.7 KB, read back';

const LISTENING = [
  { listeners: 0, figure: { atMost: 1.7 } },
  { listeners: 1, figure: { atMost: 1.7 } },
  { listeners: 3, figure: { atMost: 1.7 } },
];

const PEERS = [
  {
    address: subject('class-transformer and class-validator, plain use', 'plain', { listeners: 0 }),
    figure: undefined,
  },
  { address: peer('xstate actor', 'xstate'), figure: { atLeast: 5 } },
  { address: peer('LangSmith RunTree', 'langsmith'), figure: { atLeast: 2.6 } },
  { address: peer('OpenAI Agents RunState', 'openai-agents'), figure: { atLeast: 3.5 } },
  { address: peer('OpenTelemetry span', 'otel-span'), figure: { atLeast: 1.5 } },
];

const NOTES = [
  'the floor checks and copies payloads as Run does, without cycles, depth and the path to what is wrong; a listener that throws breaks it',
  'plain use: payloads are not copied as they come in; any transition is taken; a listener that throws breaks it',
  'xstate: no time format, payloads kept by reference, no check of what is read back; its events are emitted without listeners too',
  'LangSmith RunTree: tracing off, nothing sent; events stand for statuses; payloads by reference; what is read back goes to the constructor unchecked',
  'OpenAI Agents RunState: a model response is kept for every turn, as its runner does; no statuses, listeners or times; it checks what it reads with zod',
  'OpenTelemetry span: turns and usage are events, sums attributes, payloads texts; written as OTLP JSON and never read back',
  'the Elixir reference is not measured here: it takes an Elixir',
];

function subject(name: string, module: string, parameters: object): SubjectAddress {
  return { name, module: `subjects/${module}`, factory: 'lifecycle', parameters };
}

function floor(name: string, parameters: { listeners: number; copies: boolean }): SubjectAddress {
  return subject(name, 'floor', parameters);
}

function peer(name: string, module: string): SubjectAddress {
  return { name, module: `peers/${module}`, factory: 'lifecycle' };
}
