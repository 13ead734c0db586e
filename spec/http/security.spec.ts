import { connect } from 'node:net';
import { once } from 'node:events';
import { Run, RunError } from 'agent-run';
import type { RunHandler } from 'agent-run/http';
import { createRunHandler } from 'agent-run/http';
import type { RunStore } from 'agent-run/store';
import { MemoryRunStore } from 'agent-run/store';
import { PostgresRunStore } from 'agent-run/store/postgres';
import { listen } from './server';

const HOST = 'http://runs.test';

let store: RunStore;
let handler: RunHandler;

beforeEach(async () => {
  store = new MemoryRunStore();
  handler = createRunHandler({ store, authorize: () => true });
  await store.save(new Run({ id: 'run', sessionId: 'session' }).updateStatus('running'));
});

afterEach(() => store.close());

async function cancelWith(headers: Readonly<Record<string, string>>, body = '{}'): Promise<number> {
  const all = { 'Content-Type': 'application/json', ...headers };
  const response = await handler(
    new Request(`${HOST}/api/runs/run/cancel`, { method: 'POST', headers: all, body }),
  );
  return response.status;
}

async function statusOfRun(): Promise<string> {
  return (await store.get('run'))!.status;
}

async function errorCodeOf(response: Response): Promise<string> {
  return ((await response.json()) as { error: { code: string } }).error.code;
}

describe('a POST', () => {
  it.each([
    { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.test' },
    { 'Sec-Fetch-Site': 'cross-site' },
    { 'Sec-Fetch-Site': 'same-site', Origin: 'http://other.runs.test' },
    { Origin: 'https://evil.test' },
    { Origin: 'http://runs.test:8080' },
    { Origin: 'http://runs.test.evil.test' },
    { Origin: 'null' },
    { Origin: 'file://' },
    { Origin: '' },
    { 'Sec-Fetch-Site': 'same-origin', Origin: 'https://evil.test' },
    { 'Sec-Fetch-Site': 'something' },
  ])('from another origin is refused: %p', async (headers) => {
    expect(await cancelWith(headers as unknown as Record<string, string>)).toBe(403);
    expect(await statusOfRun()).toBe('running');
  });

  it.each([
    { 'Sec-Fetch-Site': 'same-origin', Origin: HOST },
    { Origin: 'https://runs.test' },
    { Origin: 'https://public.test', 'X-Forwarded-Host': 'public.test' },
    {},
  ])('from the page itself, or from no browser, is taken: %p', async (headers) => {
    expect(await cancelWith(headers as Record<string, string>)).toBe(200);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', ''])(
    'of %p is refused: a form could send it',
    async (type) => {
      expect(await cancelWith({ 'Content-Type': type })).toBe(415);
      expect(await statusOfRun()).toBe('running');
    },
  );

  it.each([
    '[]',
    '"text"',
    'null',
    '1',
    '{',
    '{"reason":1}',
    '{"raeson":"x"}',
    '{"__proto__":{"reason":"x"}}',
  ])('with the body %s is refused', async (body) => {
    expect(await cancelWith({}, body)).toBe(400);
    expect(await statusOfRun()).toBe('running');
  });

  it('with a body of more than a megabyte is refused, whether it says so or not', async () => {
    const body = JSON.stringify({ reason: 'x'.repeat(1_100_000) });
    expect(await cancelWith({}, body)).toBe(413);
    expect(await cancelWith({ 'Content-Length': String(body.length) }, '{}')).toBe(413);
    const chunks = new ReadableStream({
      pull: (controller) => controller.enqueue(new TextEncoder().encode('x'.repeat(65_536))),
    });
    const init = {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: chunks,
      duplex: 'half',
    };
    const response = await handler(new Request(`${HOST}/api/runs/run/cancel`, init as RequestInit));
    expect(response.status).toBe(413);
    expect(await statusOfRun()).toBe('running');
  });
});

describe('a query', () => {
  it('that is too long is refused', async () => {
    const response = await handler(new Request(`${HOST}/api/runs?session_id=${'x'.repeat(9000)}`));
    expect([response.status, await errorCodeOf(response)]).toEqual([414, 'uri_too_long']);
  });

  it('touches no prototype', async () => {
    for (const name of ['__proto__', 'constructor', 'metadata.__proto__', 'metadata.constructor']) {
      await handler(new Request(`${HOST}/api/runs?${name}=polluted`));
    }
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});

describe('an answer', () => {
  it.each(['/', '/api/runs', '/api/runs/none', '/api/nothing'])(
    'of %s forbids what no page needs',
    async (path) => {
      const { headers } = await handler(new Request(HOST + path));
      const policy = headers.get('content-security-policy')!;
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).toContain("script-src 'self'");
      expect(policy).not.toMatch(/unsafe|\*|https?:/);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('access-control-allow-origin')).toBeNull();
    },
  );

  it('is never markup, whatever a record holds', async () => {
    const hostile = '</script><script>alert(1)</script>\u001b[31m\u0000';
    const run = new Run({
      id: hostile,
      sessionId: hostile,
      provider: hostile,
      metadata: { [hostile]: hostile },
    });
    run.setError({ code: hostile, message: hostile });
    await store.save(run);
    const response = await handler(new Request(`${HOST}/api/runs/${encodeURIComponent(hostile)}`));
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    const text = await response.text();
    expect(['\u001b', '\u0000'].some((character) => text.includes(character))).toBe(false);
    expect((JSON.parse(text) as { run: { id: string } }).run.id).toBe(hostile);
    const page = await (await handler(new Request(`${HOST}/`))).text();
    expect(page).not.toContain('alert');
  });

  it('quotes no unknown id without an end', async () => {
    const response = await handler(new Request(`${HOST}/api/runs/${'x'.repeat(5000)}`));
    expect(response.status).toBe(404);
    expect((await response.text()).length).toBeLessThan(500);
  });

  it('has no secret of the connection, whatever the driver says', async () => {
    const secret = 'se-cret-of-the-test';
    const errors: unknown[] = [];
    const away = new PostgresRunStore({
      connectionString: `postgresql://somebody:${secret}@127.0.0.1:1/${secret}`,
      retryForMs: 0,
    });
    const failing = createRunHandler({
      store: away,
      authorize: () => true,
      onError: (error) => errors.push(error),
    });
    for (const path of ['/api/runs', '/api/runs/run', '/api/summary?group_by=day', '/api/runs/run/events']) {
      const response = await failing(new Request(HOST + path));
      const text = await response.text();
      expect(response.status).toBe(503);
      expect(text).not.toMatch(/se-cret|somebody|127\.0\.0\.1/);
      expect(text).toContain('storage_error');
    }
    expect(errors).toHaveLength(4);
    expect(errors[0]).toBeInstanceOf(RunError);
    await away.close();
  });
});

describe('a path', () => {
  it.each([
    'GET /../../etc/passwd',
    'GET /assets/../../package.json',
    'GET /assets/..%2f..%2fpackage.json',
    'GET /assets/%2e%2e/%2e%2e/package.json',
    'GET /assets/%00',
    'GET //evil.test/api',
    'GET /api\\runs\\..',
    'GET /%zz',
  ])('that is a trick finds nothing: %s', async (line) => {
    const server = await listen(handler);
    const socket = connect(server.port, '127.0.0.1');
    socket.end(`${line} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`);
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    await once(socket, 'close');
    await server.close();
    expect(text).toMatch(/^HTTP\/1\.1 (404|400) /);
    expect(text).not.toContain('root:');
    expect(text).not.toContain('"agent-run"');
  });
});

describe('the page', () => {
  it('is at the path of the handler, with and without a slash behind', async () => {
    const mounted = createRunHandler({ store, basePath: '/runs', authorize: () => true, actions: false });
    for (const path of ['/runs', '/runs/']) {
      const response = await mounted(new Request(HOST + path));
      expect(response.status).toBe(200);
      expect(await response.text()).toContain('data-base="/runs" data-actions="false"');
    }
  });

  it('has files that a browser keeps, compressed where it takes that', async () => {
    const html = await (await handler(new Request(`${HOST}/`))).text();
    const path = /src="([^"]+\.js)"/.exec(html)![1]!;
    const plain = await handler(new Request(HOST + path));
    expect(plain.headers.get('cache-control')).toContain('immutable');
    expect(plain.headers.get('content-type')).toContain('javascript');
    const packed = await handler(
      new Request(HOST + path, { headers: { 'Accept-Encoding': 'br, gzip;q=0.5' } }),
    );
    expect(packed.headers.get('content-encoding')).toBe('gzip');
    const refused = await handler(new Request(HOST + path, { headers: { 'Accept-Encoding': 'gzip;q=0' } }));
    expect(refused.headers.get('content-encoding')).toBeNull();
    expect((await handler(new Request(`${HOST}/assets/page-none.js`))).status).toBe(404);
  });
});
