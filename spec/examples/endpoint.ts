import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An answer of a model service: its status and its body. */
export interface Answer {
  readonly status?: number;
  readonly body: object;
}

/** A model service on loopback that gives one answer after the other, the last one for ever. */
export interface Endpoint {
  readonly environment: Readonly<Record<string, string>>;
  /** The bodies of the requests so far. */
  readonly requests: readonly { readonly messages: readonly { role: string; content: unknown }[] }[];
  close(): void;
}

export async function startEndpoint(answers: readonly Answer[]): Promise<Endpoint> {
  const requests: Endpoint['requests'][number][] = [];
  const server = createServer((request, response) => {
    let written = '';
    request.setEncoding('utf8').on('data', (text: string) => (written += text));
    request.on('end', () => {
      requests.push(JSON.parse(written) as Endpoint['requests'][number]);
      const { status = 200, body } = answers[Math.min(requests.length, answers.length) - 1]!;
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    environment: serviceAt(`http://127.0.0.1:${port}/v1`),
    requests,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** The environment that sends the agent to a service. */
export function serviceAt(baseUrl: string): Record<string, string> {
  return { OPENAI_API_KEY: 'sk-of-the-test', OPENAI_BASE_URL: baseUrl, OPENAI_MODEL: 'model-of-the-test' };
}

/** A completion as services send it, with 10 prompt and 5 completion tokens. */
export function completion(message: object): Answer {
  return {
    body: {
      id: 'chatcmpl-1',
      object: 'chat.completion',
      created: 1_700_000_000,
      model: 'model-of-the-test',
      choices: [
        { index: 0, finish_reason: 'stop', message: { role: 'assistant', content: null, ...message } },
      ],
      usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
    },
  };
}

/** A completion that calls one tool. */
export function toolCall(name: string, parameters: string): Answer {
  const call = { id: 'call_1', type: 'function', function: { name, arguments: parameters } };
  return completion({ tool_calls: [call] });
}
