import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunJSON } from 'agent-run';
import { SqliteRunStore } from 'agent-run/store/sqlite';
import { until } from '../store/contract/test-database';
import type { Program } from './program';
import { startExample } from './program';

let folder: string;
const services: Program[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'agent-run-service-'));
});

afterEach(() => {
  for (const { child } of services.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

const file = (): string => join(folder, 'runs.db');

async function start(graceMs = 5_000): Promise<{ service: Program; url: string }> {
  const environment = { PORT: '0', RUNS_DB: file(), GRACE_MS: String(graceMs), LEASE_MS: '2000' };
  const service = startExample('service', [], { environment });
  services.push(service);
  let url = '';
  service.child.stdout!.on('data', (text: string) => {
    url ||= /http:\/\/127\.0\.0\.1:\d+/.exec(text)?.[0] ?? '';
  });
  await service.printed('/runs/');
  return { service, url };
}

async function call(url: string, init?: RequestInit): Promise<{ status: number; body: unknown }> {
  const response = await fetch(url, init);
  return { status: response.status, body: await response.json() };
}

const ask = async (url: string, body: object): Promise<string> => {
  const answer = await call(`${url}/questions`, { method: 'POST', body: JSON.stringify(body) });
  expect(answer.status).toBe(202);
  return (answer.body as { id: string }).id;
};

async function storedRuns(): Promise<RunJSON[]> {
  const store = new SqliteRunStore({ path: file() });
  const { runs } = await store.list({ limit: 100 });
  await store.close();
  return runs.map((run) => run.toJSON());
}

describe('service', () => {
  jest.setTimeout(60_000);

  it('answers questions, shows their runs, cancels one, and has a page', async () => {
    const { service, url } = await start();
    const id = await ask(url, { question: 'Which boats?' });
    await service.printed(`${id} completed`);
    expect((await call(`${url}/questions/${id}`)).body).toMatchObject({
      status: 'completed',
      output: { answer: 'Ariel sails from Whitby' },
      turn_count: 2,
      token_usage: { input_tokens: 900, requests: 1 },
    });
    const slow = await ask(url, { question: 'Which boats?', workMs: 60_000 });
    await service.printed(`${slow} running`);
    const cancelled = await call(`${url}/questions/${slow}`, { method: 'DELETE' });
    expect(cancelled).toMatchObject({ status: 200, body: { status: 'cancelled' } });
    expect((await call(`${url}/questions/none`)).status).toBe(404);
    expect((await call(`${url}/questions`, { method: 'POST', body: '{' })).status).toBe(400);
    const page = await fetch(`${url}/runs/`);
    expect(page.headers.get('content-type')).toContain('text/html');
    service.child.kill('SIGTERM');
    expect(await service.ended).toMatchObject({ code: 0, errors: '' });
  });

  it('loses nothing and leaves nothing running when SIGTERM comes under load', async () => {
    const { service, url } = await start(2_000);
    const ids: string[] = [];
    for (let index = 0; index < 40; index++) {
      ids.push(await ask(url, { question: 'Which boats?', workMs: index % 2 === 0 ? 100 : 60_000 }));
    }
    await sleep(50);
    service.child.kill('SIGTERM');
    await service.printed('SIGTERM: stopping');
    service.child.kill('SIGTERM');
    const { code, errors, output } = await service.ended;
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    expect(output).toContain('stopped: everything is stored');
    const runs = await storedRuns();
    expect(runs.map(({ id }) => id).sort()).toEqual([...ids].sort());
    const statuses = runs.map(({ status }) => status);
    expect(statuses.filter((status) => status === 'completed')).toHaveLength(20);
    expect(statuses.filter((status) => status === 'cancelled')).toHaveLength(20);
    const cancelled = runs.find(({ status }) => status === 'cancelled');
    expect(cancelled).toMatchObject({
      error: { code: 'cancelled', message: 'The service is shutting down' },
      output: { answer: 'So far: Ariel' },
    });
  });

  it('has what a killed process left ended by the next one', async () => {
    const first = await start();
    const id = await ask(first.url, { question: 'Which boats?', workMs: 60_000 });
    await first.service.printed(`${id} running`);
    await until(async () => (await storedRuns())[0]?.token_usage.input_tokens === 900);
    first.service.child.kill('SIGKILL');
    await first.service.ended;
    expect((await storedRuns())[0]).toMatchObject({ id, status: 'running' });
    await sleep(2_000);
    const { service } = await start();
    await service.printed(`${id} was left by a process that is gone`);
    expect((await storedRuns())[0]).toMatchObject({
      status: 'failed',
      error: { code: 'orphaned' },
      token_usage: { input_tokens: 900 },
    });
    service.child.kill('SIGTERM');
    expect(await service.ended).toMatchObject({ code: 0, errors: '' });
  });
});
