import type { RunJSON } from 'agent-run';
import { Run } from 'agent-run';
import type { RunHandler, RunHandlerOptions } from 'agent-run/http';
import { createRunHandler } from 'agent-run/http';
import type { RunStore } from 'agent-run/store';
import { until } from '../store/contract/test-database';
import type { TestStore } from './stores';
import { openMemory, STORES } from './stores';

/** What a client has of an answer. */
interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

async function ask(handler: RunHandler, path: string, init?: RequestInit): Promise<Answer> {
  const response = await handler(new Request(`http://runs.test${path}`, init));
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: (text === '' ? {} : JSON.parse(text)) as Answer['body'],
  };
}

function post(body: unknown, headers: Readonly<Record<string, string>> = {}): RequestInit {
  return {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  };
}

function errorOf({ body }: Answer): { code: string; message: string; details: Record<string, unknown> } {
  return body['error'] as ReturnType<typeof errorOf>;
}

function idsOf({ body }: Answer): string[] {
  return (body['runs'] as RunJSON[]).map(({ id }) => id);
}

const allow = (): boolean => true;

for (const [name, open] of STORES) {
  describe(`createRunHandler() on ${name}`, () => {
    let opened: TestStore;
    let store: RunStore;
    let handler: RunHandler;

    beforeAll(async () => {
      opened = await open();
      store = opened.store;
      handler = createRunHandler({ store, authorize: allow });
      const first = new Run({ id: 'first', sessionId: 'one', provider: 'openai', input: { prompt: 'Hi' } });
      first.updateStatus('running').incrementTurn().updateTokenUsage({ input_tokens: 3 });
      first.addCost(0.25).setOutput({ text: 'Hello' });
      await store.save(first);
      await store.save(
        new Run({ id: 'second', sessionId: 'two', metadata: { team: 'blue' } }).updateStatus('running'),
      );
    });

    afterAll(() => opened.close());

    describe('GET /api/runs', () => {
      it('gives records as on the wire, newest first', async () => {
        const answer = await ask(handler, '/api/runs');
        expect(answer.status).toBe(200);
        expect(idsOf(answer)).toEqual(['second', 'first']);
        expect(answer.body['next_cursor']).toBeNull();
        const stored = await store.get('first');
        expect((answer.body['runs'] as unknown[])[1]).toEqual(stored!.toJSON());
      });

      it('gives a page, and the next by its cursor', async () => {
        const page = await ask(handler, '/api/runs?limit=1');
        expect(idsOf(page)).toEqual(['second']);
        const next = await ask(handler, `/api/runs?limit=1&cursor=${page.body['next_cursor'] as string}`);
        expect(idsOf(next)).toEqual(['first']);
      });

      it.each([
        ['session_id=one', ['first']],
        ['status=running', ['second']],
        ['provider=openai', ['first']],
        ['started_before=2001-01-01T00:00:00Z', []],
      ])('filters by %s', async (query, ids) => {
        expect(idsOf(await ask(handler, `/api/runs?${query}`))).toEqual(ids);
      });

      it.each([
        ['limit=0', 'limit'],
        ['limit=none', 'limit'],
        ['status=lost', 'status'],
        ['cursor=none', 'cursor'],
        ['started_before=yesterday', 'started_before'],
        ['sesion_id=one', 'sesion_id'],
        ['session_id=one&session_id=two', 'session_id'],
        ['roots_only=yes', 'roots_only'],
        ['awaiting=nothing', 'awaiting'],
        ['__proto__=1', '__proto__'],
        ['constructor=1', 'constructor'],
      ])('refuses %s with the name of what is wrong', async (query, path) => {
        const answer = await ask(handler, `/api/runs?${query}`);
        expect(answer.status).toBe(400);
        expect(errorOf(answer).code).toBe('validation_error');
        const issues = errorOf(answer).details['issues'] as { path: string }[];
        expect(issues.map((issue) => issue.path)).toEqual([path]);
      });
    });

    describe('GET /api/runs/:id', () => {
      it('gives the record and who holds it', async () => {
        const { body } = await ask(handler, '/api/runs/first');
        const stored = await store.get('first');
        expect(body).toEqual({ run: stored!.toJSON(), lease: null });
      });

      it('is a 404 for none', async () => {
        const answer = await ask(handler, '/api/runs/nobody');
        expect([answer.status, errorOf(answer).code]).toEqual([404, 'run_not_found']);
      });

      it.each(['a/b', '100%', 'a?b#c', 'é\u{1F600}', 'a b', '..%2f..', '<b>', '__proto__'])(
        'finds %p',
        async (id) => {
          await store.save(new Run({ id, sessionId: 'hostile' }));
          const answer = await ask(handler, `/api/runs/${encodeURIComponent(id)}`);
          expect((answer.body['run'] as RunJSON).id).toBe(id);
          await store.delete(id);
        },
      );
    });

    describe('GET /api/runs/:id/events', () => {
      it('gives the journal in snake case', async () => {
        const { body } = await ask(handler, '/api/runs/second/events');
        const [...entries] = await store.events('second');
        expect(body['events']).toEqual(
          entries.map(({ runId, sessionId, at, ...entry }) => ({
            ...entry,
            run_id: runId,
            session_id: sessionId,
            at: new Date(at).toISOString(),
          })),
        );
        expect(entries.length).toBeGreaterThan(0);
      });

      it('goes on after an entry', async () => {
        const last = (await store.events('second')).at(-1)!;
        const { body } = await ask(handler, `/api/runs/second/events?after_seq=${last.seq}`);
        expect(body['events']).toEqual([]);
      });

      it('is a 404 for an unknown run', async () => {
        expect((await ask(handler, '/api/runs/nobody/events')).status).toBe(404);
      });
    });

    describe('GET /api/events', () => {
      it('gives the journal of a session, and goes on after a position', async () => {
        const { body } = await ask(handler, '/api/events?session_id=two');
        const events = body['events'] as { run_id: string; position: number }[];
        expect(new Set(events.map((event) => event.run_id))).toEqual(new Set(['second']));
        const rest = await ask(
          handler,
          `/api/events?session_id=two&after_position=${events.at(-1)!.position}`,
        );
        expect(rest.body['events']).toEqual([]);
      });
    });

    describe('GET /api/runs, by more', () => {
      beforeAll(async () => {
        const parent = new Run({ id: 'parent', sessionId: 'family', metadata: { tier: 2, isTrial: true } });
        const child = parent.updateStatus('running').createChild({ id: 'child' });
        await store.save(parent);
        await store.save(child);
        await store.save(
          new Run({ id: 'other', sessionId: 'family', metadata: { tier: '2', isTrial: 'true' } }),
        );
        for (const tier of [2, '2', 2]) await store.save(new Run({ sessionId: 'paged', metadata: { tier } }));
      });

      it.each([
        ['parent_run_id=parent', ['child']],
        ['root_run_id=parent', ['child', 'parent']],
        ['roots_only=true&session_id=family', ['other', 'parent']],
        ['session_id=family&status=running&status=failed', ['parent']],
        ['session_id=family&metadata.tier=2', ['other', 'parent']],
        ['session_id=family&metadata.tier=2&metadata.isTrial=true', ['other', 'parent']],
        ['session_id=family&metadata.tier=2.0', []],
        ['session_id=family&metadata.__proto__=2', []],
        ['metadata.team=blue', ['second']],
        ['started_from=2001-01-01T00:00:00Z&session_id=family&roots_only=true', ['other', 'parent']],
        ['awaiting=answer', []],
      ])('filters by %s', async (query, ids) => {
        expect(idsOf(await ask(handler, `/api/runs?${query}`)).sort()).toEqual(ids);
      });

      it('pages through texts and numbers together, each run once', async () => {
        const found: string[] = [];
        let cursor = '';
        do {
          const page = await ask(handler, `/api/runs?session_id=paged&metadata.tier=2&limit=1${cursor}`);
          found.push(...idsOf(page));
          const next = page.body['next_cursor'] as string | null;
          cursor = next === null ? '' : `&cursor=${next}`;
        } while (cursor !== '');
        const { runs } = await store.list({ sessionId: 'paged' });
        expect(found).toEqual(runs.map(({ id }) => id));
      });

      it('refuses more texts that may be numbers than it can ask for', async () => {
        const query = [1, 2, 3, 4, 5].map((number) => `metadata.m${number}=${number}`).join('&');
        expect((await ask(handler, `/api/runs?${query}`)).status).toBe(400);
      });
    });

    describe('journals of many entries', () => {
      beforeAll(async () => {
        const run = new Run({ id: 'noted', sessionId: 'noted' });
        const recorder = store.track(run);
        for (let index = 0; index < 1_100; index++) run.note(`note ${index}`);
        run.cancel();
        await recorder.stop();
      });

      it.each([
        ['/api/runs/noted/events', 1_000],
        ['/api/runs/noted/events?limit=5', 5],
        ['/api/events?session_id=noted', 1_000],
        ['/api/events?session_id=noted&limit=5', 5],
        ['/api/events?session_id=noted&limit=5000', 1_000],
      ])('are given in pages: %s', async (path, count) => {
        expect((await ask(handler, path)).body['events']).toHaveLength(count);
      });
    });

    describe('GET /api/runs/:id of a run that is executed', () => {
      it('says by whom, and until when', async () => {
        const run = new Run({ id: 'held', sessionId: 'held' });
        const recorder = store.track(run);
        run.updateStatus('running');
        await recorder.flush();
        const { body } = await ask(handler, '/api/runs/held');
        const { lease } = (await store.inspect('held'))!;
        expect(body['lease']).toEqual({ owner: lease!.owner, expires_at: lease!.expiresAt.toISOString() });
        run.cancel();
        await recorder.stop();
      });
    });

    describe('GET /api/events?after_position=end', () => {
      it('gives nothing that was', async () => {
        expect((await ask(handler, '/api/events?after_position=end')).body).toEqual({ events: [] });
        expect((await ask(handler, '/api/runs/first/events?after_seq=end')).body).toEqual({ events: [] });
      });
    });

    describe('GET /api/summary', () => {
      it('gives rows by several groups in snake case', async () => {
        const { body } = await ask(
          handler,
          '/api/summary?group_by=session_id&group_by=provider&session_id=one',
        );
        expect(body['rows']).toEqual([
          {
            group: { session_id: 'one', provider: 'openai' },
            runs: 1,
            turns: 1,
            token_usage: { input_tokens: 3 },
            cost_usd: 0.25,
            unpriced_requests: 0,
          },
        ]);
      });

      it('puts texts and numbers together that read the same', async () => {
        const query = 'group_by=session_id&metadata.tier=2';
        const { body } = await ask(handler, `/api/summary?${query}`);
        const rows = body['rows'] as { group: object; runs: number }[];
        expect(rows.map(({ group, runs }) => [group, runs])).toEqual([
          [{ session_id: 'family' }, 2],
          [{ session_id: 'paged' }, 3],
        ]);
      });

      it('takes the days of a time zone, and members of the metadata', async () => {
        const zone = 'time_zone=Pacific%2FKiritimati';
        const { body } = await ask(
          handler,
          `/api/summary?group_by=day&group_by=metadata.team&${zone}&session_id=two`,
        );
        const { startedAt } = (await store.get('second'))!;
        const day = new Date(startedAt.getTime() + 14 * 3_600_000).toISOString().slice(0, 10);
        expect((body['rows'] as { group: object }[])[0]!.group).toEqual({ day, 'metadata.team': 'blue' });
      });

      it.each(['', 'group_by=colour', 'group_by=day&time_zone=Mars', 'group_by=metadata.'])(
        'refuses %p',
        async (query) => {
          const answer = await ask(handler, `/api/summary?${query}`);
          expect([answer.status, errorOf(answer).code]).toEqual([400, 'validation_error']);
        },
      );
    });

    describe('GET /api/stuck', () => {
      it('gives what recover would end, and changes nothing', async () => {
        const run = new Run({ id: 'stuck', sessionId: 'stuck' });
        const recorder = store.track(run);
        await run.execute(({ run: executed }) => executed.park({ reason: 'approval', expiresInMs: 1 }));
        await recorder.stop();
        await until(async () => idsOf(await ask(handler, '/api/stuck')).length > 0);
        expect(idsOf(await ask(handler, '/api/stuck'))).toEqual(['stuck']);
        expect((await store.get('stuck'))!.status).toBe('running');
        await store.cancel('stuck');
      });
    });

    describe('POST /api/runs/:id/answer', () => {
      it.each([[{ approved: true }], [null], [false], ['text']])(
        'answers a parked run with %j, once',
        async (value) => {
          const run = new Run({ sessionId: 'parked' });
          const recorder = store.track(run);
          await run.execute(({ run: executed }) =>
            executed.park({ reason: 'approval', data: { tool: 'mail' } }),
          );
          await recorder.stop();
          const waiting = await ask(handler, '/api/runs?awaiting=answer');
          expect(idsOf(waiting)).toEqual([run.id]);
          const path = `/api/runs/${run.id}/answer`;
          expect((await ask(handler, path, post({}))).status).toBe(400);
          const answer = await ask(handler, path, post({ value }));
          expect(answer.body['run']).toMatchObject({ awaiting: { reason: 'approval', answer: value } });
          const again = await ask(handler, path, post({ value }));
          expect([again.status, errorOf(again).code]).toEqual([409, 'invalid_operation']);
          expect((await ask(handler, '/api/runs/nobody/answer', post({ value }))).status).toBe(404);
          await store.cancel(run.id);
        },
      );
    });

    describe('POST /api/runs/:id/cancel', () => {
      it('cancels with the reason, once', async () => {
        await store.save(new Run({ id: 'third', sessionId: 'three' }).updateStatus('running'));
        const answer = await ask(handler, '/api/runs/third/cancel', post({ reason: 'enough' }));
        expect(answer.status).toBe(200);
        expect(answer.body['run']).toMatchObject({ status: 'cancelled', error: { message: 'enough' } });
        const again = await ask(handler, '/api/runs/third/cancel', post({}));
        expect([again.status, errorOf(again).code]).toEqual([409, 'invalid_transition']);
        const none = await ask(handler, '/api/runs/nobody/cancel', post({}));
        expect(none.status).toBe(404);
      });
    });
  });
}

describe('what is refused', () => {
  it('is said with its path, or with the run that is not there', async () => {
    const { store, close } = await openMemory();
    const handler = createRunHandler({ store, authorize: allow });
    const issuesOf = async (path: string, init?: RequestInit): Promise<unknown> =>
      errorOf(await ask(handler, path, init)).details['issues'];
    expect(await issuesOf('/api/runs/a/cancel', post({ reason: 1 }))).toEqual([
      { path: 'reason', message: 'must be a text' },
    ]);
    expect(await issuesOf('/api/runs/a/answer', post({}))).toEqual([
      { path: 'value', message: 'is missing' },
    ]);
    const headers = { Accept: 'text/event-stream', 'Last-Event-ID': 'x' };
    expect(await issuesOf('/api/events', { headers })).toEqual([
      { path: 'Last-Event-ID', message: 'must be an integer, not negative' },
    ]);
    for (const [id, shown] of [
      ['x'.repeat(100), 'x'.repeat(100)],
      ['x'.repeat(101), `${'x'.repeat(100)}…`],
    ] as const) {
      const answer = await ask(handler, `/api/runs/${id}`);
      expect(errorOf(answer)).toMatchObject({
        message: `The store has no run ${shown}`,
        details: { runId: shown },
      });
    }
    await close();
  });
});

describe('createRunHandler()', () => {
  let opened: TestStore;

  function handlerWith(options: Partial<RunHandlerOptions> = {}): RunHandler {
    return createRunHandler({ store: opened.store, authorize: allow, ...options });
  }

  beforeAll(async () => {
    opened = await openMemory();
    await opened.store.save(new Run({ id: 'run', sessionId: 'session' }).updateStatus('running'));
  });

  afterAll(() => opened.close());

  it('refuses options that it does not know or that are wrong', () => {
    const options = { store: {}, authorise: allow, basePath: 'runs/' } as unknown as RunHandlerOptions;
    expect(() => createRunHandler(options)).toThrow(
      /authorise is not known .*store must be .*authorize must be .*basePath must be/,
    );
  });

  it('answers below its path only', async () => {
    const handler = handlerWith({ basePath: '/agent-runs' });
    expect((await ask(handler, '/agent-runs/api/runs')).status).toBe(200);
    expect((await ask(handler, '/api/runs')).status).toBe(404);
    expect((await ask(handler, '/agent-runs/../api/runs')).status).toBe(404);
  });

  it.each([
    '/api',
    '/api/nothing',
    '/api/runs/run/events/1',
    '/api//runs',
    '/api/runs/..%2f..%2fetc%2fpasswd',
  ])('has nothing at %s', async (path) => {
    const answer = await ask(handlerWith(), path);
    expect(answer.status).toBe(404);
    expect(answer.headers.get('content-type')).toContain('application/json');
  });

  it('names the method that a path takes', async () => {
    const answer = await ask(handlerWith(), '/api/runs', post({}));
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    const other = await ask(handlerWith(), '/api/runs/run/cancel');
    expect([other.status, other.headers.get('allow')]).toEqual([405, 'POST']);
  });

  it('is read-only with actions: false', async () => {
    const handler = handlerWith({ actions: false });
    expect((await ask(handler, '/api/runs/run/cancel', post({}))).status).toBe(403);
    expect((await ask(handler, '/api/runs/run/answer', post({ value: 1 }))).status).toBe(403);
    expect((await opened.store.get('run'))!.status).toBe('running');
  });

  describe('authorize', () => {
    it('is asked of every request and refuses with 403', async () => {
      const asked: string[] = [];
      const handler = handlerWith({
        authorize: ({ url }) => {
          asked.push(new URL(url).pathname);
          return false;
        },
      });
      const paths = ['/', '/api/runs', '/api/nothing', '/assets/page.js'];
      for (const path of paths) expect((await ask(handler, path)).status).toBe(403);
      expect(asked).toEqual(paths);
    });

    it('may answer itself', async () => {
      const handler = handlerWith({ authorize: () => new Response('{"login":true}', { status: 401 }) });
      const answer = await ask(handler, '/api/runs');
      expect([answer.status, answer.body]).toEqual([401, { login: true }]);
    });

    it.each([undefined, null, 1, 'yes', {}])('lets nobody in with %p', async (verdict) => {
      const handler = handlerWith({ authorize: () => verdict as boolean });
      expect((await ask(handler, '/api/runs')).status).toBe(403);
    });

    it('lets nobody in where it throws, and says nothing of why', async () => {
      const errors: unknown[] = [];
      const failure = new Error('postgres://user:secret@host is away');
      const handler = handlerWith({
        authorize: () => Promise.reject(failure),
        onError: (error) => errors.push(error),
      });
      const answer = await ask(handler, '/api/runs');
      expect(answer.status).toBe(500);
      expect(answer.body).toEqual({
        error: { code: 'internal_error', message: 'The server failed', details: {} },
      });
      expect(errors).toEqual([failure]);
    });
  });
});
