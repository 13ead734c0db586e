import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunJSON } from 'agent-run';
import { startScriptedModel } from '../../examples/support/scripted-model';
import { AgentFolder, recordIn } from './agent-program';
import type { Endpoint } from './endpoint';
import { completion, serviceAt, startEndpoint, toolCall } from './endpoint';
import type { Ended } from './program';

let folder: AgentFolder;

beforeEach(() => {
  folder = new AgentFolder();
});

afterEach(() => {
  folder.remove();
});

function countersOf({ token_usage: counters }: RunJSON): Readonly<Record<string, number>> {
  return counters as Readonly<Record<string, number>>;
}

function errorIn(ended: Ended): unknown {
  return recordIn(ended).error?.['message'];
}

describe('npm start', () => {
  jest.setTimeout(60_000);

  it('answers from what its tools found, through the scripted model when there is no key', async () => {
    const ended = await folder.start().ended;
    expect(ended.code).toBe(0);
    const record = recordIn(ended);
    expect(record.status).toBe('completed');
    expect(record.output?.['answer']).toBe(
      'The folder holds 2 files and 0 folders.\nREADME.md says: A list of boats and their harbours.',
    );
    expect(record.turn_count).toBe(3);
  });

  it('counts tokens, what was cached and the cost', async () => {
    const record = recordIn(await folder.start().ended);
    const {
      input_tokens: input,
      output_tokens: output,
      cache_read_tokens: cached,
      ...others
    } = countersOf(record);
    expect(others).toEqual({ total_tokens: input! + output!, requests: 3 });
    expect(input).toBeGreaterThan(cached!);
    // A dollar for a million tokens, a tenth of that for what was cached, four for what was written.
    expect(record.cost_usd).toBeCloseTo((input! - 0.9 * cached! + 4 * output!) / 1e6, 9);
  });

  it('reads the file that the question names', async () => {
    const record = recordIn(await folder.start(['What', 'is in boats.csv?']).ended);
    expect(record.input).toEqual({ question: 'What is in boats.csv?' });
    expect(record.output?.['answer']).toContain('boats.csv says: Ariel,Whitby');
  });

  it('looks into the folder that the question names', async () => {
    mkdirSync(join(folder.path, 'harbours'));
    writeFileSync(join(folder.path, 'harbours', 'whitby.txt'), '');
    const record = recordIn(await folder.start(['What is in harbours?']).ended);
    expect(record.output?.['answer']).toContain('\nharbours holds 1 file and 0 folders.');
  });

  it('prints each event as it happens, without colours outside a terminal', async () => {
    const { output } = await folder.start().ended;
    const events = [...output.matchAll(/^ +\d+\.\d\d s +(\d+) +[\d,]+ +\S+ {2}(\w+) +.+$/gm)];
    expect(events.map(([, turn, event]) => `${event!} ${turn!}`)).toEqual([
      'changed 0',
      'status 0',
      'turn 1',
      'usage 1',
      'step 1',
      'step 1',
      'tool 1',
      'changed 1',
      'turn 2',
      'usage 2',
      'step 2',
      'step 2',
      'tool 2',
      'changed 2',
      'turn 3',
      'usage 3',
      'status 3',
    ]);
    expect(output).not.toContain('\u001b');
  });

  it('shows its runs on a page until SIGINT', async () => {
    const agent = folder.start(['--ui']);
    let output = '';
    agent.child.stdout!.on('data', (text) => (output += String(text)));
    await agent.printed('(Ctrl-C stops it)');
    const [, address = ''] = /The page: (\S+)/.exec(output) ?? [];
    const answer: unknown = await (await fetch(`${address}api/runs?limit=1`)).json();
    expect(answer).toMatchObject({ runs: [{ status: 'completed' }] });
    expect(await (await fetch(address)).text()).toContain('<div id="page">');
    agent.child.kill('SIGINT');
    expect((await agent.ended).code).toBe(0);
  });

  it('is cancelled by SIGINT, keeps the usage so far and still prints the record', async () => {
    const model = await startScriptedModel({ thinkingMs: 400 });
    const agent = folder.start([], serviceAt(model.baseUrl));
    await agent.printed('usage');
    agent.child.kill('SIGINT');
    const ended = await agent.ended;
    model.close();
    expect(ended.code).toBe(130);
    const record = recordIn(ended);
    expect(record.status).toBe('cancelled');
    expect(record.error).toEqual({ code: 'cancelled', message: 'Stopped with Ctrl-C' });
    expect(record.token_usage.input_tokens).toBeGreaterThan(0);
  });

  it('ends as failed when nothing listens there, and says so', async () => {
    const model = await startScriptedModel();
    model.close();
    const ended = await folder.start([], serviceAt(model.baseUrl)).ended;
    expect(ended.code).toBe(1);
    const record = recordIn(ended);
    expect(record.status).toBe('failed');
    expect(record.error?.['message']).toMatch(
      /^http:\/\/127\.0\.0\.1:\d+\/v1 cannot be reached: connect ECONNREFUSED/,
    );
    expect(ended.output).toContain(`\nfailed: ${model.baseUrl} cannot be reached`);
  });

  it('ends as failed when the address is no URL', async () => {
    const ended = await folder.start([], serviceAt('harbour')).ended;
    expect(ended.code).toBe(1);
    expect(errorIn(ended)).toBe('OPENAI_BASE_URL is no URL: harbour');
  });

  it('says which service it takes when there is an address but no key', async () => {
    const { output } = await folder.start([], { OPENAI_BASE_URL: 'http://127.0.0.1:1/v1' }).ended;
    expect(output).toContain('(OPENAI_BASE_URL, but no OPENAI_API_KEY: a scripted model answers');
  });
});

describe('npm start, with a service', () => {
  jest.setTimeout(60_000);
  let endpoint: Endpoint;

  async function askService(answers: Parameters<typeof startEndpoint>[0]): Promise<Ended> {
    endpoint = await startEndpoint(answers);
    return folder.start([], endpoint.environment).ended;
  }

  afterEach(() => endpoint.close());

  it('ends as failed when the key is refused, and says so', async () => {
    const error = { message: 'Incorrect API key provided', type: 'invalid_request_error' };
    const ended = await askService([{ status: 401, body: { error } }]);
    expect(ended.code).toBe(1);
    expect(errorIn(ended)).toMatch(
      /\/v1 refused OPENAI_API_KEY: it answered 401 Incorrect API key provided$/,
    );
    expect(ended.output).not.toContain('sk-of-the-test');
  });

  it('names the model that the service does not know', async () => {
    const error = { message: 'No such model', type: 'invalid_request_error' };
    expect(errorIn(await askService([{ status: 404, body: { error } }]))).toContain(
      'does not know the model "model-of-the-test"',
    );
  });

  it('tells the model what was wrong with a tool call and goes on', async () => {
    const ended = await askService([
      toolCall('read_file', '{"path":"../../etc/passwd"}'),
      toolCall('read_file', '{"path"'),
      toolCall('delete_file', '{"path":"README.md"}'),
      completion({ content: 'I see.' }),
    ]);
    expect(ended.code).toBe(0);
    const told = endpoint.requests.at(-1)!.messages.filter(({ role }) => role === 'tool');
    expect(told.map(({ content }) => content)).toEqual([
      'Error: "../../etc/passwd" is outside the folder',
      'Error: The parameters must be a JSON object',
      'Error: There is no tool "delete_file"',
    ]);
    expect(recordIn(ended)).toMatchObject({ turn_count: 4, output: { answer: 'I see.' } });
  });

  it('stops a model that never answers at the limit of turns', async () => {
    const ended = await askService([toolCall('list_files', '{"path":"."}')]);
    expect(ended.code).toBe(1);
    expect(recordIn(ended)).toMatchObject({
      status: 'failed',
      turn_count: 12,
      error: { code: 'limit_exceeded', details: { limit: 'maxTurns', allowed: 12, actual: 12 } },
    });
    expect(ended.output).toContain('maxTurns: 10 of 12 used');
    expect(endpoint.requests).toHaveLength(12);
  });

  it('says that a model has no price, and counts its requests as such', async () => {
    const ended = await askService([completion({ content: 'I see.' })]);
    expect(ended.output).toMatch(/ price +.*model-of-the-test/);
    const counters = {
      input_tokens: 10,
      output_tokens: 5,
      total_tokens: 15,
      requests: 1,
      unpriced_requests: 1,
    };
    expect(recordIn(ended)).toMatchObject({ cost_usd: null, token_usage: counters });
  });

  it.each([undefined, null])('leaves usage unknown where the service reports %p', async (usage) => {
    const { body } = completion({ content: 'I see.' });
    const ended = await askService([{ body: { ...body, usage } }]);
    expect(ended.output).toContain('the service reports none');
    expect(recordIn(ended)).toMatchObject({ status: 'completed', cost_usd: null, token_usage: {} });
  });

  it('ends as failed when the reply has no text', async () => {
    expect(errorIn(await askService([completion({ content: '' })]))).toBe(
      'The model ended without an answer (stop)',
    );
  });

  it('ends as failed when the service answers something else', async () => {
    expect(errorIn(await askService([{ body: { detail: 'I am no model' } }]))).toBe(
      'The service sent no reply of the model',
    );
  });
});
