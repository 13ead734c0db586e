import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunJSON } from 'agent-run';
import { Run } from 'agent-run';
import { SqliteRunStore } from 'agent-run/store/sqlite';
import type { Program } from './program';
import { startExample } from './program';

describe('nest', () => {
  jest.setTimeout(60_000);
  let folder: string;
  let service: Program;
  let url = '';

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'agent-run-nest-'));
    const environment = { PORT: '0', RUNS_DB: join(folder, 'runs.db') };
    service = startExample('nest/main', [], { environment });
    service.child.stdout!.on('data', (text: string) => {
      url ||= /http:\/\/127\.0\.0\.1:\d+/.exec(text)?.[0] ?? '';
    });
    await service.printed('listening on http://127.0.0.1:');
  });

  afterAll(() => {
    service.child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  async function call(path: string, method = 'GET', body?: object): Promise<[number, unknown]> {
    const headers = { 'content-type': 'application/json' };
    const content = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(`${url}${path}`, { method, headers, ...content });
    return [response.status, await response.json()];
  }

  it('answers with records that are read back, and with the errors of runs', async () => {
    const [status, created] = await call('/runs', 'POST', { question: 'Which boats?', more: 1 });
    expect(status).toBe(201);
    const run = Run.fromJSON(created);
    expect(run.input).toEqual({ question: 'Which boats?' });
    expect(await call('/runs', 'POST', { question: '' })).toMatchObject([400, {}]);
    expect(await call('/runs/none')).toMatchObject([404, { error: { code: 'run_not_found' } }]);
    expect((await call(`/runs/${run.id}`))[1]).toMatchObject({ id: run.id });
  });

  it('streams what happens in a run', async () => {
    const [, created] = await call('/runs', 'POST', { question: 'Which boats?' });
    const stop = new AbortController();
    const { id } = created as RunJSON;
    const response = await fetch(`${url}/runs/${id}/events`, { signal: stop.signal });
    let text = '';
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      text += new TextDecoder().decode(chunk);
      if (text.includes('"to":"completed"')) break;
    }
    stop.abort();
    expect(text).toContain('stepStarted');
  });

  it('ends on SIGTERM with an event stream open', async () => {
    const [, created] = await call('/runs', 'POST', { question: 'Which boats?' });
    const { id } = created as RunJSON;
    const response = await fetch(`${url}/runs/${id}/events`);
    const read = response.text().catch(() => '');
    service.child.kill('SIGTERM');
    const { errors } = await service.ended;
    expect(errors).toBe('');
    expect(await read).toContain('"to":"running"');
    const store = new SqliteRunStore({ path: join(folder, 'runs.db') });
    expect((await store.get(id))?.status).toBe('completed');
    await store.close();
  });
});
