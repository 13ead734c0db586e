import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Run } from 'agent-run';
import type { RunHandler } from 'agent-run/http';
import { createRunHandler, streamRun } from 'agent-run/http';
import type { JournalEntry, RunStore } from 'agent-run/store';
import { MemoryRunStore } from 'agent-run/store';
import type { Message } from './event-reader';
import { allMessagesOf, collect, messagesOf } from './event-reader';
import { listen } from './server';
import type { TestStore } from './stores';
import { STORES } from './stores';

const STREAM = { Accept: 'text/event-stream' };

function handlerOf(store: RunStore): RunHandler {
  return createRunHandler({ store, authorize: () => true });
}

function requestFor(
  path: string,
  headers: Readonly<Record<string, string>> = {},
  signal?: AbortSignal,
): Request {
  return new Request(`http://runs.test${path}`, {
    headers: { ...STREAM, ...headers },
    ...(signal === undefined ? {} : { signal }),
  });
}

/** A stored run with a number of turns, still running. */
async function running(store: RunStore, id: string, turns = 3): Promise<Run> {
  const run = new Run({ id, sessionId: 'session' });
  const recorder = store.track(run);
  run.updateStatus('running');
  for (let turn = 0; turn < turns; turn++) run.incrementTurn();
  await recorder.flush();
  return run;
}

function typesOf(messages: readonly Message[]): unknown[] {
  return messages.map(({ event, data }) => event ?? data!['type']);
}

/** Tells what a store's watches do: how many entries they gave, how many of them are still open. */
function observe(store: RunStore): { given: number; open: number } {
  const observed = { given: 0, open: 0 };
  const watch = store.watch.bind(store);
  jest.spyOn(store, 'watch').mockImplementation(async function* (
    ...parameters
  ): AsyncGenerator<JournalEntry> {
    observed.open += 1;
    try {
      for await (const entry of watch(...parameters)) {
        observed.given += 1;
        yield entry;
      }
    } finally {
      observed.open -= 1;
    }
  });
  return observed;
}

async function until(condition: () => boolean): Promise<void> {
  for (let looks = 0; !condition(); looks++) {
    if (looks > 4000) throw new Error(`in vain: ${condition.toString()}`);
    await pause(5);
  }
}

/** Connects again where a connection that is kept has been closed under the client, as browsers do. */
async function connectTo(url: string, headers: Readonly<Record<string, string>>): Promise<Response> {
  return fetch(url, { headers }).catch(() => fetch(url, { headers }));
}

for (const [name, open] of STORES) {
  describe(`the event stream on ${name}`, () => {
    let opened: TestStore;
    let store: RunStore;
    let handler: RunHandler;

    beforeAll(async () => {
      opened = await open();
      store = opened.store;
      handler = handlerOf(store);
    });

    afterAll(() => opened.close());

    it('gives what was, what comes, the record at the end, and closes', async () => {
      const run = await running(store, 'life');
      const response = await handler(requestFor('/api/runs/life/events'));
      expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
      const collected = collect(response);
      run.updateTokenUsage({ input_tokens: 5 });
      run.setOutput({ text: 'done' });
      const messages = await collected;
      const entries = await store.events('life');
      expect(messages.slice(0, -1).map(({ id }) => id)).toEqual(entries.map(({ seq }) => String(seq)));
      expect(messages.slice(0, -1).map(({ data }) => data)).toEqual(
        entries.map(({ position, seq, type, data, at }) => ({
          position,
          run_id: 'life',
          session_id: 'session',
          seq,
          type,
          data,
          at: new Date(at).toISOString(),
        })),
      );
      const stored = (await store.get('life'))!;
      expect(messages.at(-1)).toEqual({ id: undefined, event: 'end', data: { run: stored.toJSON() } });
    });

    it('gives the whole life of a run that has ended', async () => {
      const run = await running(store, 'over');
      run.cancel();
      await store.track(run).flush();
      const messages = await collect(await handler(requestFor('/api/runs/over/events')));
      expect(messages).toHaveLength((await store.events('over')).length + 1);
      expect(messages.at(-1)!.event).toBe('end');
    });

    it('goes on after Last-Event-ID, which counts before after_seq', async () => {
      const run = await running(store, 'again');
      run.cancel();
      await store.track(run).flush();
      const last = (await store.events('again')).at(-1)!.seq;
      const request = requestFor('/api/runs/again/events?after_seq=0', { 'Last-Event-ID': String(last - 2) });
      const messages = await collect(await handler(request));
      expect(messages.map(({ id }) => id)).toEqual([String(last - 1), String(last), undefined]);
      const rest = await collect(await handler(requestFor(`/api/runs/again/events?after_seq=${last}`)));
      expect(typesOf(rest)).toEqual(['end']);
    });

    it('gives a session by position, without an end', async () => {
      const [first, second] = [await running(store, 'one', 1), await running(store, 'two', 1)];
      const positions = [...(await store.events('one')), ...(await store.events('two'))].map(
        (entry) => entry.position,
      );
      const start = Math.min(...positions) - 1;
      const gone = new AbortController();
      const response = await handler(
        requestFor(`/api/events?session_id=session&after_position=${start}`, {}, gone.signal),
      );
      const messages: Message[] = [];
      const read = (async () => {
        for await (const message of messagesOf(response)) messages.push(message);
      })();
      first.cancel();
      second.cancel();
      await Promise.all([store.track(first).flush(), store.track(second).flush()]);
      await until(
        () =>
          messages.filter(({ data }) => (data!['data'] as { to?: string }).to === 'cancelled').length === 2,
      );
      gone.abort();
      await read;
      const ids = messages.map(({ id }) => Number(id));
      expect(ids).toEqual([...new Set(ids)].sort((left, right) => left - right));
      expect(ids.slice(0, positions.length)).toEqual(positions);
    });

    it('skips and repeats nothing across reconnects and a restart of the server', async () => {
      const run = await running(store, 'restarted', 20);
      let server = await listen(handler);
      const seen: string[] = [];
      let ended = false;
      while (!ended) {
        const lastId = seen.at(-1);
        const headers = lastId === undefined ? STREAM : { ...STREAM, 'Last-Event-ID': lastId };
        const response = await connectTo(`${server.url}/api/runs/restarted/events`, headers);
        let count = 0;
        for await (const { id, event } of messagesOf(response)) {
          if (id !== undefined) seen.push(id);
          ended = event === 'end';
          if ((count += 1) === 5) break;
        }
        for (let turn = 0; turn < 5 && !run.isTerminal; turn++) run.incrementTurn();
        if (run.turnCount > 50) run.cancel();
        await store.track(run).flush();
        await server.close();
        server = await listen(handlerOf(store), server.port);
      }
      await server.close();
      expect(seen).toEqual((await store.events('restarted')).map(({ seq }) => String(seq)));
    });

    it('ends its watch when the client is gone, and never the run', async () => {
      const run = await running(store, 'left');
      const observed = observe(store);
      const server = await listen(handler);
      const gone = new AbortController();
      const response = await fetch(`${server.url}/api/runs/left/events`, {
        headers: STREAM,
        signal: gone.signal,
      });
      await messagesOf(response).next();
      expect(observed.open).toBe(1);
      gone.abort();
      await until(() => observed.open === 0);
      await server.close();
      expect((await store.get('left'))!.status).toBe('running');
      expect(run.isTerminal).toBe(false);
    });

    it.each(['/api/runs/begun/events?after_seq=end', '/api/events?session_id=session&after_position=end'])(
      'says where the end was, so that a client goes on from there: %s',
      async (path) => {
        const run = await running(store, 'begun');
        const begun = await handler(requestFor(path));
        // What is written before anything of the answer is read comes behind that end.
        run.incrementTurn();
        await store.track(run).flush();
        const first = await allMessagesOf(begun).next();
        const opening = first.value as Message;
        expect(opening.data).toBeUndefined();
        const gone = new AbortController();
        const again = await handler(requestFor(path, { 'Last-Event-ID': opening.id! }, gone.signal));
        const second = await messagesOf(again).next();
        expect((second.value as Message).data).toMatchObject({
          type: 'turnIncremented',
          data: { turnCount: run.turnCount },
        });
        gone.abort();
        run.cancel();
        await store.track(run).flush();
        await store.delete('begun');
      },
    );

    it('is a 404 in JSON for an unknown run', async () => {
      const response = await handler(requestFor('/api/runs/nobody/events'));
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ error: { code: 'run_not_found' } });
    });
  });
}

describe('the event stream', () => {
  const store = new MemoryRunStore();
  const handler = handlerOf(store);

  afterAll(() => store.close());
  afterEach(() => {
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  it('takes no more from the store than a reader who has stopped reading can be sent', async () => {
    const run = new Run({ id: 'long', sessionId: 'session' });
    const recorder = store.track(run);
    run.updateStatus('running');
    const text = 'x'.repeat(60_000);
    for (let index = 0; index < 500; index++) run.note('read', { text });
    run.cancel();
    await recorder.flush();
    const total = (await allEntries(store, 'long')).length;
    const observed = observe(store);
    const server = await listen(handler);
    const socket = connect(server.port, '127.0.0.1');
    socket.write(
      'GET /api/events?session_id=session HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n',
    );
    socket.pause();
    let before = -1;
    while (before !== observed.given) {
      before = observed.given;
      await pause(300);
    }
    expect(observed.given).toBeGreaterThan(0);
    expect(observed.given).toBeLessThan(total);
    socket.resume();
    await until(() => observed.given >= total);
    socket.destroy();
    await until(() => observed.open === 0);
    await server.close();
  });

  it('says every 15 seconds that it lives', async () => {
    await store.save(new Run({ id: 'quiet', sessionId: 'quiet' }).updateStatus('running'));
    jest.useFakeTimers();
    const gone = new AbortController();
    const response = await handler(requestFor('/api/runs/quiet/events?after_seq=1000', {}, gone.signal));
    const messages: Message[] = [];
    const read = (async () => {
      for await (const message of allMessagesOf(response)) messages.push(message);
    })();
    await jest.advanceTimersByTimeAsync(14_000);
    expect(messages).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(2_000);
    expect(messages).toHaveLength(2);
    await jest.advanceTimersByTimeAsync(15_000);
    expect(messages).toHaveLength(3);
    expect(messages.every(({ data }) => data === undefined)).toBe(true);
    gone.abort();
    await jest.advanceTimersByTimeAsync(200);
    await read;
  });

  it('is of one session, or of the whole store', async () => {
    const own = new MemoryRunStore();
    for (const id of ['one', 'two']) await own.save(new Run({ id, sessionId: id }));
    const idsOf = async (path: string, count: number): Promise<unknown[]> => {
      const gone = new AbortController();
      const response = await handlerOf(own)(requestFor(path, {}, gone.signal));
      const ids: unknown[] = [];
      for await (const { data } of messagesOf(response)) {
        ids.push(data!['run_id']);
        if (ids.length === count) break;
      }
      gone.abort();
      return ids;
    };
    expect(await idsOf('/api/events', 2)).toEqual(['one', 'two']);
    expect(await idsOf('/api/events?session_id=two', 1)).toEqual(['two']);
    await own.close();
  });

  it('ends at once for a client that is gone already', async () => {
    const observed = observe(store);
    const response = await handler(requestFor('/api/events', {}, AbortSignal.abort()));
    expect(await collect(response)).toEqual([]);
    expect(observed.open).toBe(0);
  });

  it('ends where the store fails, so that its client comes again', async () => {
    await store.save(new Run({ id: 'failing', sessionId: 'failing' }).updateStatus('running'));
    jest.spyOn(store, 'watch').mockImplementation(async function* (): AsyncGenerator<
      JournalEntry,
      undefined
    > {
      yield await Promise.reject<JournalEntry>(new Error('The database is away'));
      return undefined;
    });
    expect(await collect(await handler(requestFor('/api/runs/failing/events')))).toEqual([]);
    await store.delete('failing');
  });

  it('gives every entry of a run that has ended, however many', async () => {
    const run = new Run({ id: 'many', sessionId: 'many' });
    const recorder = store.track(run);
    for (let index = 0; index < 2_100; index++) run.note(`note ${index}`);
    run.cancel();
    await recorder.flush();
    const last = (await allEntries(store, 'many')).at(-1)!.seq;
    expect(last).toBeGreaterThan(2_000);
    const messages = await collect(await handler(requestFor('/api/runs/many/events')));
    const ids = Array.from({ length: last }, (_, index) => String(index + 1));
    expect(messages.map(({ id }) => id)).toEqual([...ids, undefined]);
    await store.delete('many');
  });

  it('closes where the run has been removed, without an end', async () => {
    await store.save(new Run({ id: 'removed', sessionId: 'quiet' }).updateStatus('running'));
    jest.useFakeTimers();
    const collected = collect(await handler(requestFor('/api/runs/removed/events?after_seq=1000')));
    await jest.advanceTimersByTimeAsync(100);
    await store.delete('removed');
    await jest.advanceTimersByTimeAsync(16_000);
    expect(await collected).toEqual([]);
  });

  it('begins nothing for a HEAD', async () => {
    const observed = observe(store);
    const response = await handler(
      new Request('http://runs.test/api/events', { method: 'HEAD', headers: STREAM }),
    );
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    expect([response.body, observed.open]).toEqual([null, 0]);
  });

  it.each(['-1', 'last', '1.5', '9'.repeat(20)])('refuses Last-Event-ID: %s', async (id) => {
    const response = await handler(requestFor('/api/events', { 'Last-Event-ID': id }));
    expect(response.status).toBe(400);
  });

  it.each([
    ['text/event-stream', true],
    ['application/json', false],
    ['*/*', false],
    ['text/event-stream, application/json;q=0.5', true],
    ['application/json, text/event-stream;q=0.5', false],
    ['text/event-stream;q=0', false],
  ])('for Accept: %s is a stream: %p', async (accept, isStream) => {
    const response = await handler(
      new Request('http://runs.test/api/events', { headers: { Accept: accept } }),
    );
    expect(response.headers.get('content-type')!.startsWith('text/event-stream')).toBe(isStream);
    await response.body!.cancel();
  });
});

describe('streamRun()', () => {
  it('gives the stream of one run for a route of ones own, whatever else its query has', async () => {
    const store = new MemoryRunStore();
    const run = await running(store, 'mine');
    run.cancel();
    await store.track(run).flush();
    const last = (await store.events('mine')).at(-1)!.seq;
    const request = new Request(`http://runs.test/chat/1?tab=2&after_seq=${last - 1}`);
    const messages = await collect(await streamRun(store, request, { runId: 'mine' }));
    expect(typesOf(messages)).toEqual(['statusChanged', 'end']);
    const none = await streamRun(store, request, { runId: 'none' });
    expect(none.status).toBe(404);
    const bad = await streamRun(store, new Request('http://runs.test/?after_seq=x'), { runId: 'mine' });
    expect(bad.status).toBe(400);
    await store.close();
    expect((await streamRun(store, request, { runId: 'mine' })).status).toBe(409);
  });
});

async function allEntries(store: RunStore, id: string): Promise<JournalEntry[]> {
  const entries: JournalEntry[] = [];
  for (;;) {
    const page = await store.events(id, { afterSeq: entries.length });
    entries.push(...page);
    if (page.length < 1000) return entries;
  }
}
