import { portOf } from '../../lib/attachment';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { instanceToPlain } from 'class-transformer';
import fc from 'fast-check';
import type { RunAttributes, RunJSON, RunStatus } from 'agent-run';
import { Run, RUN_STATUSES, RunError } from 'agent-run';
import { FIELDS } from '../../lib/record/fields';
import { makeRun } from '../support/make-run';
import { recordEvents } from '../support/record-events';
import { issuesOf, refusalOf } from '../support/refusal-of';

const FIXTURES = join(__dirname, '../fixtures');

const KEYS = [
  'id',
  'session_id',
  'status',
  'input',
  'output',
  'error',
  'metadata',
  'turn_count',
  'token_usage',
  'started_at',
  'ended_at',
  'provider',
  'cost_usd',
  'provider_metadata',
];

const HOSTILE_KEYS = ['__proto__', 'constructor', 'then', 'toString', 'valueOf', 'hasOwnProperty', 'toJSON'];

const anyKey = fc.oneof(fc.string(), fc.constantFrom(...HOSTILE_KEYS));
const anyJson = fc.jsonValue({ maxDepth: 4 });
const anyPayload = fc
  .dictionary(anyKey, fc.oneof(anyJson, fc.dictionary(fc.constantFrom(...HOSTILE_KEYS), anyJson)))
  .map((payload) => JSON.parse(JSON.stringify(payload)) as object);

const USAGE = { input_tokens: 1200, output_tokens: 80, input_tokens_details: { cached_tokens: 1000 } };

/** How the runs of the golden records lived, each from 12:34:56 on February 7, 2026. */
const LIVES: Readonly<Record<RunStatus, (run: Run) => void>> = {
  pending: () => undefined,
  running: (run) => {
    run.updateStatus('running').incrementTurn().updateTokenUsage(USAGE).addCost(0.0123);
    run.provider = 'openai';
    run.metadata = { user: 'u-1' };
    run.providerMetadata = { model: 'gpt-5' };
  },
  completed: (run) => {
    run.incrementTurn().updateTokenUsage(USAGE).addCost(0.0123);
    jest.advanceTimersByTime(4_250);
    run.setOutput({ response: 'Hello!' });
  },
  failed: (run) => {
    jest.advanceTimersByTime(4_250);
    run.setError(new RunError('storage_error', 'No answer', { details: { host: 'db' } }));
  },
  cancelled: (run) => {
    jest.advanceTimersByTime(4_250);
    run.cancel('The user left');
  },
  timeout: (run) => {
    jest.advanceTimersByTime(4_250);
    run.updateStatus('running').updateStatus('timeout');
  },
};

afterEach(() => jest.useRealTimers());

describe('Run', () => {
  describe('.toJSON()', () => {
    it('has the fourteen keys, in the order of the reference, whatever is set', () => {
      expect(Object.keys(makeRun().toJSON())).toEqual(KEYS);
      expect(Object.keys(makeRun().setOutput({ a: 1 }).toJSON())).toEqual(KEYS);
    });

    it('writes times in UTC with milliseconds', () => {
      jest.useFakeTimers({ now: Date.UTC(2026, 1, 7, 12, 34, 56, 7) });
      const run = makeRun();
      jest.advanceTimersByTime(1_000);
      run.cancel();

      expect(run.toJSON()).toMatchObject({
        started_at: '2026-02-07T12:34:56.007Z',
        ended_at: '2026-02-07T12:34:57.007Z',
      });
    });

    it('adds the keys of later parts when they are set', () => {
      const parent = makeRun();
      const child = parent.createChild({ limits: { maxTurns: 3, maxCostUsd: 0.5 } });
      child.traceContext = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };

      expect(child.toJSON()).toMatchObject({
        parent_run_id: parent.id,
        limits: { max_turns: 3, max_cost_usd: 0.5 },
        trace_context: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
      });
    });
  });

  describe('keep() of its port', () => {
    it('writes a key of another part, unless it is null', () => {
      const run = makeRun();
      const port = portOf(run);
      let kept: { count: number } | null = null;
      expect(port.keepsMore).toBe(false);
      port.keep('usage_meter', () => kept);
      port.keep('usage_by_model', () => ({ a: { input_tokens: 1 } }));
      expect(port.keepsMore).toBe(true);

      expect(Object.keys(run.toJSON())).toEqual([...KEYS, 'usage_by_model']);
      kept = { count: 1 };
      expect(JSON.stringify(run)).toContain(
        '"usage_meter":{"count":1},"usage_by_model":{"a":{"input_tokens":1}}}',
      );
      expect(JSON.stringify(instanceToPlain(run))).toBe(JSON.stringify(run));
    });

    it('has what it kept at hand when the record is read', () => {
      const run = Run.fromJSON({ ...makeRun().toJSON(), usage_meter: { count: 1 } });
      const port = portOf(run);

      expect(port.kept('usage_meter')).toEqual({ count: 1 });
      expect(port.kept('usage_by_model')).toBeUndefined();
      expect(portOf(makeRun()).kept('usage_meter')).toBeUndefined();
      port.keep('usage_meter', () => ({ count: 2 }));
      expect(run.toJSON()).toMatchObject({ usage_meter: { count: 2 } });
    });
  });

  describe('wire() of its port', () => {
    const full = {
      ...makeRun({ provider: 'openai', limits: { maxTurns: 3 } }, 'running').toJSON(),
      cost_usd: 0.5,
      started_at: '2026-02-07T12:34:56.789012Z',
      parent_run_id: 'above',
      root_run_id: 'top',
      trace_context: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
      awaiting: { reason: 'approval', since: '2026-02-07T12:34:57.000Z', later: 1 },
      usage_by_model: { a: { input_tokens: 1 } },
    };

    it.each<[title: string, run: Run]>([
      ['a new run', makeRun()],
      ['a completed run', makeRun().setOutput({ a: 1 })],
      ['a run that was read, with all that there is', Run.fromJSON(full)],
    ])('gives of %s what its JSON has under each key, null for nothing', (_title, run) => {
      const json = run.toJSON() as unknown as Readonly<Record<string, unknown>>;
      const port = portOf(run);

      for (const { key } of FIELDS) expect([key, port.wire(key)]).toEqual([key, json[key] ?? null]);
    });

    it('gives what another part keeps now, before what the run was read with', () => {
      const run = Run.fromJSON(full);
      portOf(run).keep('usage_by_model', () => null);
      expect(portOf(run).wire('usage_by_model')).toBeNull();
      portOf(run).keep('usage_by_model', () => ({ b: 1 }));
      expect(portOf(run).wire('usage_by_model')).toEqual({ b: 1 });
    });
  });

  describe('hasMoreKeys of its port', () => {
    const made = (change: (run: Run) => unknown): boolean => {
      const run = makeRun();
      change(run);
      return portOf(run).hasMoreKeys;
    };
    const read = (more: object): boolean =>
      portOf(Run.fromJSON({ ...makeRun().toJSON(), ...more })).hasMoreKeys;

    it('says whether the record has more than the keys of every record', () => {
      expect(made(() => undefined)).toBe(false);
      expect(made((run) => run.addCost(1).setOutput({ a: 1 }))).toBe(false);
      expect(made((run) => run.updateStatus('running'))).toBe(true);
      expect(made((run) => portOf(run).keep('usage_meter', () => null))).toBe(true);
      expect(portOf(makeRun().createChild()).hasMoreKeys).toBe(true);
      expect(read({ limits: null })).toBe(false);
      expect(read({ limits: { max_turns: 1 } })).toBe(true);
      expect(read({ later: 1 })).toBe(true);
      expect(read({ usage_meter: {} })).toBe(true);
    });
  });

  describe('golden records', () => {
    const files = readdirSync(join(FIXTURES, 'golden'));

    it.each(files)('%s is written again as it was read', (file) => {
      const text = readFileSync(join(FIXTURES, 'golden', file), 'utf8');

      expect(`${JSON.stringify(Run.fromJSON(JSON.parse(text)), null, 2)}\n`).toBe(text);
    });

    it.each(Object.entries(LIVES))('%s is what a run of that status gives', (status, live) => {
      jest.useFakeTimers({ now: Date.UTC(2026, 1, 7, 12, 34, 56) });
      const run = new Run({
        id: 'run_019c3789d3247b2e8e5a51d3f3f3a001',
        sessionId: 'session-123',
        input: { prompt: 'Hi' },
      });
      live(run);
      // The golden records are of a time before that key.
      const { running_at: runningAt, ...record } = run.toJSON();

      expect(runningAt !== undefined).toBe(run.runningAt !== null);
      expect(`${JSON.stringify(record, null, 2)}\n`).toBe(
        readFileSync(join(FIXTURES, 'golden', `${status}.json`), 'utf8'),
      );
    });

    it('are there for each status', () => {
      expect(files).toEqual(expect.arrayContaining(RUN_STATUSES.map((status) => `${status}.json`)));
      expect(Object.keys(LIVES)).toEqual(RUN_STATUSES);
    });
  });

  describe('broken records', () => {
    it.each(readdirSync(join(FIXTURES, 'broken')))('%s is refused with its error', (file) => {
      const text = readFileSync(join(FIXTURES, 'broken', file), 'utf8');
      const { record, error } = JSON.parse(text) as {
        record: unknown;
        error: { code: string; issues: object[] };
      };

      const refusal = refusalOf(() => Run.fromJSON(record));

      expect({ code: refusal.code, issues: refusal.details['issues'] }).toEqual(error);
    });
  });

  describe('.fromJSON()', () => {
    it('gives back any JSON in any payload, deep-equal, and touches no prototype', () => {
      const payloads = fc.record({
        input: fc.option(anyPayload),
        output: fc.option(anyPayload),
        error: fc.option(anyPayload),
        metadata: anyPayload,
        provider_metadata: anyPayload,
        token_usage: anyPayload.filter((payload) => !/[:[,]-/.test(JSON.stringify(payload))),
      });
      fc.assert(
        fc.property(payloads, (given) => {
          const record = { ...makeRun().toJSON(), ...given };
          const text = JSON.stringify(record);
          const again = Run.fromJSON(JSON.parse(text));

          expect(JSON.stringify(again)).toBe(text);
          expect(isDeepStrictEqual(JSON.parse(JSON.stringify(again)), JSON.parse(text))).toBe(true);
          expect(isDeepStrictEqual(again.input, given.input)).toBe(true);
          expect(isDeepStrictEqual(again.metadata, given.metadata)).toBe(true);
        }),
      );
      expect(Object.keys(Object.prototype)).toEqual([]);
      expect(Object.prototype.toString.call({})).toBe('[object Object]');
    });

    it('gives back any payload that a run was given', () => {
      fc.assert(
        fc.property(anyPayload, anyPayload, anyPayload, (input, metadata, output) => {
          const run = makeRun({ input: input as never, metadata, providerMetadata: metadata });
          run.setOutput(output);
          const again = Run.fromJSON(JSON.parse(JSON.stringify(run)));

          expect(isDeepStrictEqual(again.input, JSON.parse(JSON.stringify(input)))).toBe(true);
          expect(isDeepStrictEqual(again.output, JSON.parse(JSON.stringify(output)))).toBe(true);
          expect(JSON.stringify(again)).toBe(JSON.stringify(run));
        }),
      );
    });

    it('keeps any key that this version does not know', () => {
      const unknown = fc.dictionary(
        anyKey.filter((key) => !KEYS.includes(key)),
        anyJson,
      );
      fc.assert(
        fc.property(unknown, (extra) => {
          const text = JSON.stringify({ ...makeRun().toJSON(), ...extra });

          expect(JSON.parse(JSON.stringify(Run.fromJSON(JSON.parse(text))))).toEqual(JSON.parse(text));
        }),
      );
    });

    it('keeps the microseconds of any time', () => {
      const times = fc
        .tuple(fc.integer({ min: 0, max: 4e9 }), fc.integer({ min: 0, max: 999_999 }))
        .map(([seconds, micros]) => {
          const fraction = String(micros).padStart(6, '0');
          return new Date(seconds * 1000).toISOString().replace('000Z', `${fraction}Z`);
        });
      fc.assert(
        fc.property(times, times, (started, ended) => {
          const record = { ...makeRun({}, 'completed').toJSON(), started_at: started, ended_at: ended };
          const run = Run.fromJSON(record);

          expect(run.toJSON()).toMatchObject({ started_at: started, ended_at: ended });
          expect(run.startedAt.getTime()).toBe(Date.parse(`${started.slice(0, 23)}Z`));
        }),
      );
    });

    it.each<[title: string, json: unknown]>([
      ['a text', '{"id":"x"}'],
      ['an array', []],
      ['null', null],
      ['nothing', undefined],
      ['a number', 7],
      ['a Map', new Map([['id', 'x']])],
      ['a Date', new Date()],
      ['an instance', new URL('https://example.org')],
      ['a function', () => ({})],
    ])('refuses %s', (_title, json) => {
      expect(issuesOf(() => Run.fromJSON(json))).toEqual([': must be a JSON object']);
    });

    it('gives the details of an unknown status as a refused transition does', () => {
      const error = refusalOf(() => Run.fromJSON({ ...makeRun().toJSON(), status: 'done' }));

      expect(error.details).toMatchObject({ from: null, to: 'done', allowed: RUN_STATUSES });
      expect(error.message).toContain('status must be one of pending, running');
    });

    it('calls it a validation_error where the status is not all that is wrong', () => {
      const bad = { ...makeRun().toJSON(), status: 'done', provider: 7 };
      expect(issuesOf(() => Run.fromJSON(bad))).toEqual([
        `status: must be one of ${RUN_STATUSES.join(', ')}`,
        'provider: must be a string',
      ]);
    });

    it.each(['id', 'sessionId'])('refuses a class that makes another run of a record: by its %s', (name) => {
      class OtherRun<Input extends object, Output extends object> extends Run<Input, Output> {
        constructor(attributes: RunAttributes<Input>) {
          super({ ...attributes, [name]: 'another' });
        }
      }
      const refusal = refusalOf(() => OtherRun.fromJSON(makeRun().toJSON()));

      expect(refusal.code).toBe('invalid_operation');
      expect(refusal.message).toContain('OtherRun');
    });

    it('says nothing of what it was given', () => {
      const secret = 'sk-secret-1234567';
      const record = Object.fromEntries([...KEYS, 'limits', 'parent_run_id'].map((key) => [key, [secret]]));
      const error = refusalOf(() => Run.fromJSON(record));

      expect(error.message).not.toContain(secret);
      expect(JSON.stringify(error)).not.toContain(secret);
    });

    it('calls no function and reads no object in the place of a scalar', () => {
      const called = jest.fn(() => 'x');
      const trap = new Proxy({}, { get: called, ownKeys: called as never });
      const scalars = [
        'id',
        'session_id',
        'status',
        'turn_count',
        'started_at',
        'ended_at',
        'provider',
        'cost_usd',
      ];
      for (const value of [called, trap, Symbol('s'), 1n]) {
        const record = Object.fromEntries(scalars.map((key) => [key, value]));
        expect(refusalOf(() => Run.fromJSON(record)).code).toBe('validation_error');
      }

      expect(called).not.toHaveBeenCalled();
    });

    it('reads no member that is inherited', () => {
      const record = Object.create(
        Object.assign(Object.create(null) as object, makeRun().toJSON()),
      ) as object;

      expect(refusalOf(() => Run.fromJSON(record)).code).toBe('validation_error');
    });

    it('adopts its payloads without a look inside', () => {
      const looked = jest.fn();
      const payload = { deep: Object.defineProperty({}, 'member', { get: looked, enumerable: true }) };
      const record = { ...makeRun().toJSON(), input: payload, metadata: payload, provider_metadata: payload };

      const run = Run.fromJSON(record);
      run.toJSON();

      expect(run.input).toBe(payload);
      expect(run.toJSON().metadata).toBe(payload);
      expect(looked).not.toHaveBeenCalled();
    });

    it('emits nothing', () => {
      const heard = jest.fn();
      class HeardRun<Input extends object, Output extends object> extends Run<Input, Output> {
        constructor(attributes: RunAttributes<Input>) {
          super(attributes);
          for (const name of ['statusChanged', 'usageUpdated', 'attributesChanged'] as const) {
            this.on(name, heard);
          }
        }
      }

      HeardRun.fromJSON(JSON.parse(readFileSync(join(FIXTURES, 'golden/completed.json'), 'utf8')));

      expect(heard).not.toHaveBeenCalled();
    });

    it('shares nothing between runs that were read', () => {
      const { id, session_id, status, started_at } = makeRun().toJSON();
      const bare = { id, session_id, status, started_at };
      const [one, other] = [Run.fromJSON(bare), Run.fromJSON(bare)];

      expect(Reflect.set(one.metadata, 'leak', 1)).toBe(false);
      one.updateTokenUsage({ a: 1 });
      one.metadata = { mine: true };

      expect(other.toJSON()).toMatchObject({ metadata: {}, provider_metadata: {}, token_usage: {} });
    });

    it.each(RUN_STATUSES)('goes on where a %s record stood', (status) => {
      jest.useFakeTimers({ now: Date.UTC(2030, 0, 1) });
      const text = readFileSync(join(FIXTURES, 'golden', `${status}.json`), 'utf8');
      const run = Run.fromJSON(JSON.parse(text));
      const before = run.tokenUsage.input_tokens ?? 0;
      const events = recordEvents(run);

      run.updateTokenUsage({ input_tokens: 7 }).addCost(0.001);
      const goOn = (): Run => run.setOutput({ late: true });
      if (status === 'pending' || status === 'running') goOn();
      else expect(goOn).toThrow(RunError);

      expect(run.tokenUsage.input_tokens).toBe(before + 7);
      expect(events.map(([name]) => name)).toEqual(
        ['usageUpdated', 'usageUpdated'].concat(
          status === 'pending' || status === 'running' ? ['statusChanged'] : [],
        ),
      );
      expect(Run.fromJSON(JSON.parse(JSON.stringify(run))).toJSON()).toEqual(run.toJSON());
    });

    it('writes an end of its own beside a start that it read', () => {
      jest.useFakeTimers({ now: Date.UTC(2026, 1, 7, 13) });
      const record = { ...makeRun({}, 'running').toJSON(), started_at: '2026-02-07T12:34:56.789012Z' };

      expect(Run.fromJSON(record).setOutput({ a: 1 }).toJSON()).toMatchObject({
        started_at: '2026-02-07T12:34:56.789012Z',
        ended_at: '2026-02-07T13:00:00.000Z',
      });
    });

    it('reads a cost with more digits than it would write', () => {
      const run = Run.fromJSON({ ...makeRun().toJSON(), cost_usd: 0.12345678901234 });

      expect(run.toJSON().cost_usd).toBe(0.12345678901234);
    });

    it('takes an end before the start, for a duration of nothing', () => {
      const record = { ...makeRun({}, 'completed').toJSON(), started_at: '2026-02-07T12:34:56Z' };
      const run = Run.fromJSON({ ...record, ended_at: '2026-02-07T12:00:00Z' });

      expect(run.durationMs).toBe(0);
      expect(run.toJSON().ended_at).toBe('2026-02-07T12:00:00.000Z');
    });

    it('refuses counters of ten thousand levels, which it copies', () => {
      let deep: object = {};
      for (let level = 1; level < 10_000; level++) deep = { a: deep };

      expect(issuesOf(() => Run.fromJSON({ ...makeRun().toJSON(), token_usage: deep }))).toEqual([
        expect.stringMatching(/^token_usage.*: nests deeper than 1000 levels$/),
      ]);
    });

    it('survives a round trip of a payload of a thousand levels', () => {
      let deep: RunJSON['metadata'] = {};
      for (let level = 1; level < 1000; level++) deep = { a: deep };
      const text = JSON.stringify(makeRun({ metadata: deep }));

      expect(JSON.stringify(Run.fromJSON(JSON.parse(text)))).toBe(text);
    });
  });
});
