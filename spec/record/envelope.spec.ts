import type { CallHandler, ExecutionContext } from '@nestjs/common';
import { ClassSerializerInterceptor } from '@nestjs/common';
import type { ClassTransformOptions } from 'class-transformer';
import { Exclude, Expose, instanceToPlain, plainToClassFromExist, Type } from 'class-transformer';
import { validateSync } from 'class-validator';
import fc from 'fast-check';
import { inspect, stripVTControlCharacters } from 'node:util';
import { lastValueFrom, of } from 'rxjs';
import type { AnyRun } from 'agent-run';
import { Run } from 'agent-run';
import { RecordScalars } from '../../lib/record/envelope';
import { FIELDS } from '../../lib/record/fields';
import { checkedKeys, issueWith } from '../../lib/record/rules';
import { makeRun } from '../support/make-run';

const HOSTILE =
  '{"constructor":null,"__proto__":{"a":1},"toString":2,"hasOwnProperty":{"valueOf":[]},"then":{"then":1},"toJSON":0}';

/** A run with payloads that class-transformer cannot walk, and listeners on every event. */
function makeHeardRun(): Run {
  const hostile = JSON.parse(HOSTILE) as object;
  const run = makeRun({ input: hostile as never, metadata: hostile, providerMetadata: hostile }, 'running');
  run.on('statusChanged', () => undefined);
  run.on('statusChanged', () => undefined);
  run.once('usageUpdated', () => undefined, { context: true });
  run.on('listenerError', () => undefined);
  run.traceContext = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };
  return run;
}

function recordOf(run: AnyRun): string {
  return JSON.stringify(run.toJSON());
}

describe('Run', () => {
  describe('with listeners attached', () => {
    it('is its record for JSON.stringify()', () => {
      const run = makeHeardRun();

      expect(JSON.stringify(run)).toBe(recordOf(run));
      expect(JSON.stringify({ runs: [run] })).toBe(`{"runs":[${recordOf(run)}]}`);
      expect(JSON.stringify(run)).toContain(`"input":${HOSTILE}`);
      expect(JSON.stringify(run)).not.toMatch(/_events|listener/);
    });

    it('gives a record that structuredClone() takes', () => {
      const run = makeHeardRun();

      expect(JSON.stringify(structuredClone(run.toJSON()))).toBe(recordOf(run));
    });

    it('shows its record and nothing of the emitter to util.inspect()', () => {
      const run = makeHeardRun();
      const shown = inspect(run, { depth: null });

      expect(shown).toMatch(/^Run \{\n {2}id: 'run_/);
      expect(shown).toContain("session_id: 'session-1'");
      expect(shown).not.toMatch(/_events|EE|\[Function/);
    });

    it('follows the options of util.inspect()', () => {
      class TaggedRun extends Run {}
      const run = new TaggedRun({ sessionId: 's' });

      expect(inspect({ run }, { depth: 0 })).toBe('{ run: [TaggedRun] }');
      expect(inspect({ a: { run } }, { depth: 1 })).toBe('{ a: { run: [TaggedRun] } }');
      expect(inspect({ run: makeRun({ input: { a: { b: 1 } } }) }, { depth: 1 })).toContain(
        'input: [Object]',
      );
      expect(inspect({ run }, { depth: null })).toContain('metadata: {}');
      expect(
        stripVTControlCharacters(inspect(run, { colors: true, compact: true, breakLength: Infinity })),
      ).toMatch(/^TaggedRun \{ id: 'run_.*provider_metadata: \{\} \}$/);
    });
  });

  describe('through class-transformer', () => {
    it.each<[title: string, options: ClassTransformOptions]>([
      ['no options', {}],
      ['groups', { groups: ['admin'] }],
      ['a version', { version: 2 }],
      ['excludeAll', { strategy: 'excludeAll' }],
      ['exposeAll', { strategy: 'exposeAll' }],
      ['prefixes', { excludePrefixes: ['_', '#'] }],
      ['the circular check', { enableCircularCheck: true }],
      ['implicit conversion', { enableImplicitConversion: true }],
      ['no unset fields', { exposeUnsetFields: false }],
      ['default values', { exposeDefaultValues: true }],
    ])('is its record, with %s', (_title, options) => {
      const run = makeHeardRun();

      expect(JSON.stringify(instanceToPlain(run, options))).toBe(recordOf(run));
    });

    it('is its record in an array, in an object and in a wrapper', () => {
      class Page {
        readonly total = 1;
        @Type(() => Run)
        readonly runs: Run[];
        constructor(runs: Run[]) {
          this.runs = runs;
        }
      }
      @Exclude()
      class Answer {
        readonly hidden = 1;
        @Expose()
        readonly run: Run;
        constructor(run: Run) {
          this.run = run;
        }
      }
      const run = makeHeardRun();

      expect(JSON.stringify(instanceToPlain([run, run]))).toBe(`[${recordOf(run)},${recordOf(run)}]`);
      expect(JSON.stringify(instanceToPlain({ run }))).toBe(`{"run":${recordOf(run)}}`);
      expect(JSON.stringify(instanceToPlain(new Page([run])))).toBe(`{"total":1,"runs":[${recordOf(run)}]}`);
      expect(JSON.stringify(instanceToPlain(new Answer(run)))).toBe(`{"run":${recordOf(run)}}`);
    });

    it('is left alone where a wrapper says that a plain object is one', () => {
      class Page {
        @Type(() => Run)
        readonly run = { id: 'plain' } as Run;
      }
      expect(instanceToPlain(new Page())).toEqual({ run: { id: 'plain' } });
    });

    it('is its record where it is of a subclass, read from JSON too', () => {
      class BaseRun extends Run {}
      class TaggedRun extends BaseRun {
        readonly secret = 'not part of the record';
      }
      const run = new TaggedRun({ sessionId: 's', input: { a: 1 } });
      const again = TaggedRun.fromJSON({ ...run.toJSON(), later: { constructor: 1 }, __proto__: null });

      expect(JSON.stringify(instanceToPlain(run))).toBe(recordOf(run));
      expect(JSON.stringify(instanceToPlain(again))).toBe(recordOf(again));
      expect(recordOf(again)).not.toContain('secret');
      expect(recordOf(again)).toContain('"later":{"constructor":1}');
    });

    it('loses one unknown key at most: class-transformer needs the constructor of what it writes', () => {
      const text = JSON.stringify(makeRun()).replace(/\}$/, ',"constructor":{"a":1},"toString":2}');
      const run = Run.fromJSON(JSON.parse(text));

      expect(JSON.stringify(run)).toBe(text);
      expect(JSON.stringify(instanceToPlain(run))).toBe(text.replace('"constructor":{"a":1},', ''));
    });

    it('is not written over by it: only what is assignable changes', () => {
      const run = makeRun({ id: 'mine' });
      plainToClassFromExist(run, { id: 'other', status: 'completed', turn_count: 7, provider: 'openai' });

      expect(run).toMatchObject({ id: 'mine', status: 'pending', turnCount: 0 });
    });

    it('is not written over by it where it is of a subclass either', () => {
      class TaggedRun extends Run {
        tag = 'mine';
      }
      const run = new TaggedRun({ id: 'mine', sessionId: 's' });
      plainToClassFromExist(run, { id: 'other', status: 'completed', tag: 'other' });

      expect(run).toMatchObject({ id: 'mine', status: 'pending' });
      expect(run.tag).toBe('mine');
    });

    it('never has its payloads walked', () => {
      const looked = jest.fn();
      const payload = { deep: Object.defineProperty({}, 'member', { get: looked, enumerable: true }) };
      const run = Run.fromJSON({ ...makeRun().toJSON(), input: payload, metadata: payload, later: payload });

      expect(instanceToPlain(run)).toMatchObject({ id: run.id, status: 'pending' });
      expect(instanceToPlain(run)['input']).toBe(payload);
      run.toJSON();

      expect(looked).not.toHaveBeenCalled();
    });

    it('is its record for the ClassSerializerInterceptor of NestJS', async () => {
      const reflector = { getAllAndOverride: () => undefined } as never;
      const interceptor = new ClassSerializerInterceptor(reflector);
      const context = {
        getHandler: () => undefined,
        getClass: () => undefined,
      } as unknown as ExecutionContext;
      const respond = async (body: unknown): Promise<unknown> =>
        lastValueFrom(interceptor.intercept(context, { handle: () => of(body) } satisfies CallHandler));
      const run = makeHeardRun();

      expect(JSON.stringify(await respond(run))).toBe(recordOf(run));
      expect(JSON.stringify(await respond([run]))).toBe(`[${recordOf(run)}]`);
      expect(JSON.stringify(await respond({ data: run }))).toBe(`{"data":${recordOf(run)}}`);
    });
  });

  describe('through class-validator', () => {
    it('is valid, whatever happened to it', () => {
      const runs = [
        makeRun(),
        makeHeardRun(),
        makeRun().setOutput({ a: 1 }),
        makeRun().cancel(),
        makeRun().createChild(),
      ];

      expect(runs.flatMap((run) => validateSync(run))).toEqual([]);
    });

    it('keeps its listeners under a whitelist', () => {
      const run = makeHeardRun();

      expect(validateSync(run, { whitelist: true, forbidNonWhitelisted: true })).toEqual([]);
      expect(validateSync(run, { whitelist: true })).toEqual([]);
      expect(run.listenerCount('statusChanged')).toBe(2);
      expect(run.incrementTurn().turnCount).toBe(1);
    });
  });
});

describe('issueWith()', () => {
  const text = fc.constantFrom(
    '',
    'a',
    'running',
    'done',
    '2026-02-07T12:34:56Z',
    '2026-02-07',
    'constructor',
  );
  const number = fc.constantFrom(0, -0, 1, -1, 1.5, NaN, Infinity, 2 ** 53, Number.MAX_SAFE_INTEGER);
  const odd = fc.constantFrom<unknown>(
    null,
    undefined,
    true,
    {},
    [],
    { a: 1 },
    new Date(0),
    new Map(),
    () => 1,
    1n,
  );
  const value = fc.oneof(text, number, odd);
  const names = [...checkedKeys()];

  it('knows every key of the record but those that files of their own read', () => {
    const others = FIELDS.filter(({ type }) => ['limits', 'awaiting', 'kept'].includes(type));
    expect([...names, ...others.map(({ key }) => key)].sort()).toEqual(FIELDS.map(({ key }) => key).sort());
  });

  it('says what validateSync() of class-validator says, of any record', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), value), (members) => {
        const holder = holderOf(members);
        const theirs = validateSync(holder, { stopAtFirstError: false }).map(({ property }) => property);
        const ours = names.filter((name) => issueWith(name, members) !== null);

        expect(ours.sort()).toEqual(theirs.sort());
      }),
      { numRuns: 1_000 },
    );
  });

  it('gives one of the messages that validateSync() gives', () => {
    fc.assert(
      fc.property(fc.constantFrom(...names), value, (name, member) => {
        const errors = validateSync(holderOf({ [name]: member })).filter(({ property }) => property === name);
        const messages = errors.flatMap(({ constraints }) => Object.values(constraints ?? {}));
        const message = issueWith(name, { [name]: member });

        expect(message === null ? messages : [message]).toEqual(message === null ? [] : expect.any(Array));
        if (message !== null) expect(messages).toContain(message);
      }),
    );
  });

  it('has nothing to say of a property that it does not know', () => {
    expect(issueWith('unknown', { unknown: 1 })).toBeNull();
  });
});

/** An instance that class-validator takes for an envelope, with these members only. */
function holderOf(members: Readonly<Record<string, unknown>>): object {
  const holder = Object.create(RecordScalars.prototype) as object;
  for (const [name, member] of Object.entries(members)) {
    Object.defineProperty(holder, name, { value: member, enumerable: true });
  }
  return holder;
}
