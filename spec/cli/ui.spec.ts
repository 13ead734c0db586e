import { request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Called } from './command';
import { CompiledCommand } from './command';
import type { SeededStore } from './stores';
import { sqliteStore } from './stores';

jest.setTimeout(60_000);

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** As a client that may say any `Host` that it likes. */
function ask(url: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, text }));
    });
    sent.once('error', reject);
    sent.end(method === 'POST' ? '{}' : undefined);
  });
}

describe('agent-run ui', () => {
  let command: CompiledCommand;
  let seeded: SeededStore;
  let called: Called;
  let address: URL;
  let token: string;

  beforeAll(async () => {
    command = new CompiledCommand();
    seeded = await sqliteStore();
    called = command.start(['--store', seeded.address, 'ui']);
    address = new URL((await called.printed('\n')).trim());
    token = address.searchParams.get('token')!;
  });

  afterAll(async () => {
    called.child.kill('SIGINT');
    const { code } = await called.ended;
    await seeded.close();
    command.remove();
    expect(code).toBe(130);
  });

  it('listens on loopback, behind a token that nobody guesses', async () => {
    expect(address.hostname).toBe('127.0.0.1');
    expect(token.length).toBeGreaterThanOrEqual(32);
    for (const path of ['/', '/api/runs', `/?token=${token.slice(1)}`, '/?token=', '/api/runs?token=x']) {
      const { status, text } = await ask(address.origin + path);
      expect(status).toBe(403);
      expect(text).toContain('lacks its token');
    }
  });

  it('makes a cookie of the token, and takes it out of the address', async () => {
    const entered = await ask(address.href);
    expect([entered.status, entered.headers.location]).toEqual([302, '/']);
    const cookie = entered.headers['set-cookie']![0]!;
    expect(cookie).toMatch(/; HttpOnly; SameSite=Lax; Path=\/$/);
    const [pair] = cookie.split(';');
    const page = await ask(`${address.origin}/`, { Cookie: pair! });
    expect(page.text).toContain('data-actions="true"');
    const runs = await ask(`${address.origin}/api/runs`, { Cookie: `other=1; ${pair!}` });
    expect(JSON.parse(runs.text)).toMatchObject({ runs: [{}, {}, {}] });
    expect((await ask(`${address.origin}/api/runs`, { Cookie: `${pair!}x` })).status).toBe(403);
  });

  it('takes the token from programs, in the query or as a bearer', async () => {
    const inQuery = await ask(`${address.origin}/api/runs?limit=1&token=${token}`);
    expect(JSON.parse(inQuery.text)).toMatchObject({ runs: [{}] });
    const bearer = await ask(`${address.origin}/api/runs?limit=1`, { Authorization: `Bearer ${token}` });
    expect(bearer.status).toBe(200);
  });

  it.each(['evil.test', 'evil.test:80', '127.0.0.1', '127.0.0.1:1', '127.0.0.1.evil.test', 'localhost'])(
    'answers nobody who asks for %s, token or not',
    async (host) => {
      const answer = await ask(address.href, { Host: host });
      expect([answer.status, answer.headers['set-cookie']]).toEqual([403, undefined]);
    },
  );

  it('answers under the name localhost too', async () => {
    expect(
      (await ask(`http://localhost:${address.port}/?token=${token}`, { Host: `localhost:${address.port}` }))
        .status,
    ).toBe(302);
  });

  it('refuses what a page of another origin on this machine sends', async () => {
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
    const url = `${address.origin}/api/runs/run-live/cancel`;
    const foreign = { ...headers, Origin: 'http://127.0.0.1:1', 'Sec-Fetch-Site': 'same-site' };
    expect((await ask(url, foreign, 'POST')).status).toBe(403);
    expect((await seeded.store.get('run-live'))!.status).toBe('running');
    expect((await ask(url, { ...headers, Origin: address.origin }, 'POST')).status).toBe(200);
  });

  it('says that a port is taken', async () => {
    const ended = await command.run(['--store', seeded.address, 'ui', '--port', address.port]);
    expect([ended.code, ended.errors]).toEqual([1, `agent-run: port ${address.port} is taken\n`]);
  });

  it('opens the page in the browser, and only looks with --read-only', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'agent-run-browser-'));
    const opened = join(folder, 'opened');
    for (const name of ['xdg-open', 'open']) {
      writeFileSync(
        join(folder, name),
        `#!/bin/sh\necho "$1" > '${opened}.new' && mv '${opened}.new' '${opened}'\n`,
      );
      chmodSync(join(folder, name), 0o755);
    }
    const looking = command.start(['--store', seeded.address, 'ui', '--open', '--read-only'], {
      PATH: `${folder}:${process.env['PATH']!}`,
    });
    const url = (await looking.printed('\n')).trim();
    const readOpened = (): string => {
      try {
        return readFileSync(opened, 'utf8').trim();
      } catch {
        return '';
      }
    };
    for (let looks = 0; readOpened() === '' && looks < 1000; looks++) await pause(10);
    expect(readOpened()).toBe(url);
    const bearer = { Authorization: `Bearer ${new URL(url).searchParams.get('token')!}` };
    expect((await ask(`${new URL(url).origin}/`, bearer)).text).toContain('data-actions="false"');
    looking.child.kill('SIGINT');
    await looking.ended;
    rmSync(folder, { recursive: true });
  });
});
