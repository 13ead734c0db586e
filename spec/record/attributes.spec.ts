import { Run } from 'agent-run';
import { makeRun } from '../support/make-run';
import { recordEvents } from '../support/record-events';
import { issuesOf, refusalOf } from '../support/refusal-of';

const construct = (attributes: unknown) => () => new Run(attributes as { sessionId: string });

describe('new Run()', () => {
  it('starts pending, now, with nothing known', () => {
    jest.useFakeTimers({ now: 1_234 });
    const run = new Run({ sessionId: 'session-123' });
    jest.useRealTimers();

    expect({ ...run.toJSON() }).toEqual({
      id: run.id,
      session_id: 'session-123',
      status: 'pending',
      input: null,
      output: null,
      error: null,
      metadata: {},
      turn_count: 0,
      token_usage: {},
      started_at: '1970-01-01T00:00:01.234Z',
      ended_at: null,
      provider: null,
      cost_usd: null,
      provider_metadata: {},
    });
    expect(run).toMatchObject({ parentRunId: null, limits: null, durationMs: null, isTerminal: false });
  });

  it('takes every attribute', () => {
    const run = new Run({
      id: 'mine',
      sessionId: 's',
      input: { prompt: 'Hi' },
      metadata: { a: 1 },
      provider: 'openai',
      providerMetadata: { b: 2 },
      limits: { maxTurns: 3 },
    });

    expect(run.toJSON()).toMatchObject({
      id: 'mine',
      session_id: 's',
      input: { prompt: 'Hi' },
      metadata: { a: 1 },
      provider: 'openai',
      provider_metadata: { b: 2 },
      limits: { max_turns: 3 },
    });
  });

  it.each([undefined, null])('takes %s for an attribute that is not given', (nothing) => {
    const run = new Run({
      sessionId: 's',
      id: nothing,
      input: nothing,
      metadata: nothing,
      provider: nothing,
      providerMetadata: nothing,
      limits: nothing,
    });

    expect(run.toJSON()).toMatchObject({ input: null, metadata: {}, provider: null, provider_metadata: {} });
    expect(run.limits).toBeNull();
  });

  it('keeps copies: what the caller changes later changes nothing', () => {
    const input = { messages: [{ text: 'Hi' }] };
    const run = new Run({ sessionId: 's', input });
    input.messages[0]!.text = 'changed';

    expect(run.input).toEqual({ messages: [{ text: 'Hi' }] });
  });

  it.each([undefined, null, 'session-1', 7, true, Symbol('s'), () => 1])(
    'refuses %p for attributes',
    (value) => {
      expect(issuesOf(construct(value))).toEqual([': attributes must be an object']);
    },
  );

  it.each<[title: string, attributes: object, issues: string[]]>([
    ['no session', {}, ['sessionId: is required']],
    ['a null session', { sessionId: null }, ['sessionId: is required']],
    ['an empty session', { sessionId: '' }, ['sessionId: cannot be empty']],
    ['a numeric session', { sessionId: 12 }, ['sessionId: must be a string']],
    ['a boxed session', { sessionId: new String('s') }, ['sessionId: must be a string']],
    [
      'a session of the wire',
      { session_id: 's' },
      [
        'session_id: is not known (known: sessionId, id, input, metadata, provider, providerMetadata, limits)',
        'sessionId: is required',
      ],
    ],
    ['an empty id', { sessionId: 's', id: '' }, ['id: cannot be empty']],
    ['a numeric id', { sessionId: 's', id: 7 }, ['id: must be a string']],
    ['a symbol for an id', { sessionId: 's', id: Symbol('i') }, ['id: must be a string']],
    ['a numeric provider', { sessionId: 's', provider: 7 }, ['provider: must be a string']],
    ['an input of text', { sessionId: 's', input: 'Hi' }, ['input: must be a JSON object']],
    ['an input of an array', { sessionId: 's', input: ['Hi'] }, ['input: must be a JSON object']],
    [
      'metadata of a Map',
      { sessionId: 's', metadata: new Map() },
      ['metadata: cannot be a Map: use an object'],
    ],
    [
      'a BigInt at depth',
      { sessionId: 's', providerMetadata: { usage: { tokens: [1n] } } },
      ['providerMetadata.usage.tokens[0]: cannot be a bigint'],
    ],
    ['limits of text', { sessionId: 's', limits: 'none' }, ['limits: must be an object']],
    [
      'limits that hold nothing back',
      { sessionId: 's', limits: { maxTurns: -1, maxCostUsd: NaN } },
      [
        'limits.maxTurns: must be an integer, not negative',
        'limits.maxCostUsd: must be a finite number, not negative',
      ],
    ],
    [
      'everything at once',
      { sessionId: '', id: 7, input: 'x', metadata: [1], provider: {}, providerMetadata: 1, limits: [] },
      [
        'sessionId: cannot be empty',
        'id: must be a string',
        'provider: must be a string',
        'input: must be a JSON object',
        'metadata: must be a JSON object',
        'providerMetadata: must be a JSON object',
        'limits: must be an object',
      ],
    ],
  ])('refuses %s', (_title, attributes, issues) => {
    expect(issuesOf(construct(attributes))).toEqual(issues);
  });

  it('names every issue in the message too', () => {
    expect(refusalOf(construct({ id: 7 })).message).toBe(
      'Invalid run: sessionId is required; id must be a string',
    );
  });

  it('says nothing of what it was given', () => {
    const secret = 'sk-secret-1234567';
    const error = refusalOf(
      construct({
        sessionId: { secret },
        id: [secret],
        input: { secret: [secret, NaN] },
        metadata: secret,
        provider: [secret],
        providerMetadata: { list: [{ fail: () => secret }] },
        limits: { maxTurns: secret },
      }),
    );

    expect(error.message).not.toContain(secret);
    expect(JSON.stringify(error)).not.toContain(secret);
    expect(error.cause).toBeUndefined();
  });

  it('reads each attribute once', () => {
    const answers: unknown[] = ['checked', 7];
    const attributes = {
      get sessionId(): unknown {
        return answers.shift();
      },
    };

    expect(new Run(attributes as { sessionId: string }).sessionId).toBe('checked');
  });

  it('refuses attributes that throw when they are read, with what they threw as the cause', () => {
    const thrown = new TypeError('from a getter');
    const error = refusalOf(
      construct({
        sessionId: 's',
        get input(): never {
          throw thrown;
        },
      }),
    );

    expect(error.details).toEqual({ issues: [{ path: '', message: 'attributes cannot be read' }] });
    expect(error.cause).toBe(thrown);
  });

  it('reads attributes of an instance with getters', () => {
    class Request {
      readonly #session = 'from a getter';
      get sessionId(): string {
        return this.#session;
      }
    }
    expect(new Run(new Request()).sessionId).toBe('from a getter');
  });
});

describe('Run', () => {
  const NAMES = ['metadata', 'providerMetadata'] as const;

  describe.each(NAMES)('.%s', (name) => {
    it('keeps a copy of what is assigned and says so', () => {
      jest.useFakeTimers({ now: 9 });
      const run = makeRun();
      const events = recordEvents(run);
      const given = { tags: ['a'] };

      run[name] = given;
      given.tags.push('b');

      expect(run[name]).toEqual({ tags: ['a'] });
      expect(events).toEqual([['attributesChanged', { names: [name], at: 9 }]]);
      jest.useRealTimers();
    });

    it.each([
      ['null', null, 'must be a JSON object'],
      ['nothing', undefined, 'must be a JSON object'],
      ['a text', 'text', 'must be a JSON object'],
      ['an array', [], 'must be a JSON object'],
      ['a Set', new Set(), 'cannot be a Set: use an array'],
    ])('refuses %s and stays as it was', (_title, value, message) => {
      const run = makeRun({ [name]: { kept: true } });
      const events = recordEvents(run);

      expect(issuesOf(() => Reflect.set(run, name, value))).toEqual([`${name}: ${message}`]);
      expect(run[name]).toEqual({ kept: true });
      expect(events).toEqual([]);
    });

    it('may be assigned after the end', () => {
      const run = makeRun({}, 'completed');
      run[name] = { late: true };
      expect(run[name]).toEqual({ late: true });
    });
  });

  describe('.provider', () => {
    it.each(['anthropic', '', null])('takes %j and says so', (provider) => {
      const run = makeRun({ provider: 'openai' });
      const names = jest.fn();
      run.on('attributesChanged', (event) => void names(event.names));

      run.provider = provider;

      expect(run.provider).toBe(provider);
      expect(names.mock.calls).toEqual([[['provider']]]);
    });

    it('takes undefined for null: the record keeps its key', () => {
      const run = makeRun({ provider: 'openai' });
      run.provider = undefined as unknown as null;

      expect(run.provider).toBeNull();
      expect(JSON.parse(JSON.stringify(run))).toHaveProperty('provider', null);
    });

    it.each([7, {}, [], true])('refuses %j and stays as it was', (value) => {
      const run = makeRun({ provider: 'openai' });
      const events = recordEvents(run);

      expect(issuesOf(() => Reflect.set(run, 'provider', value))).toEqual(['provider: must be a string']);
      expect(run.provider).toBe('openai');
      expect(events).toEqual([]);
    });
  });

  describe('.traceContext', () => {
    const traceContext = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };

    it('takes a trace context, and null', () => {
      const run = makeRun();
      const names = jest.fn();
      run.on('attributesChanged', (event) => void names(event.names));

      run.traceContext = traceContext;
      expect(run.toJSON().trace_context).toEqual(traceContext);
      run.traceContext = null;
      expect(run.toJSON()).not.toHaveProperty('trace_context');
      expect(names.mock.calls).toEqual([[['traceContext']], [['traceContext']]]);
    });

    it('refuses what is no object', () => {
      const run = makeRun();
      expect(issuesOf(() => (run.traceContext = 'text' as unknown as null))).toEqual([
        'traceContext: must be a JSON object',
      ]);
      expect(run.traceContext).toBeNull();
    });
  });

  it('takes no assignment to what is read only', () => {
    const run = makeRun();
    const { id, sessionId, status, startedAt } = run;
    for (const name of [
      'id',
      'sessionId',
      'parentRunId',
      'status',
      'input',
      'output',
      'error',
      'turnCount',
      'tokenUsage',
      'costUsd',
      'startedAt',
      'endedAt',
      'limits',
      'isTerminal',
      'durationMs',
    ]) {
      expect(() => Reflect.set(run, name, 'changed') && name).not.toThrow();
      expect(Reflect.set(run, name, 'changed')).toBe(false);
    }
    expect(run).toMatchObject({ id, sessionId, status, startedAt });
  });

  it('hands out dates as copies', () => {
    const run = makeRun({}, 'completed');
    const { startedAt, endedAt } = run;
    startedAt.setTime(0);
    endedAt?.setTime(0);

    expect(run.startedAt.getTime()).toBeGreaterThan(0);
    expect(run.endedAt?.getTime()).toBeGreaterThan(0);
  });
});
