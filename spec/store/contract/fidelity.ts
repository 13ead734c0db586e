import { Run } from 'agent-run';
import fc from 'fast-check';
import { runOf } from './test-database';
import type { TestDatabase } from './test-database';

const HOSTILE = JSON.parse(
  '{"__proto__":{"polluted":true},"constructor":{"prototype":1},"then":1,"toString":null,' +
    '"hasOwnProperty":[],"nul\\u0000key":"a\\u0000b","lone":"\\ud800","other":"x\\udfff","":{"":0}}',
) as object;

const SQL = `'; DROP TABLE agent_run_runs; -- " \\ $1 ? %s \u2028`;

const TEXTS = [
  'plain',
  SQL,
  'nul\0inside',
  '\0',
  'lone \ud800',
  '\u0001"marked"',
  ' ',
  'emoji 👩‍💻',
  '0',
  'NULL',
];

export function describeFidelity(database: () => TestDatabase): void {
  describe('what is stored', () => {
    it('comes back with every hostile key and character', async () => {
      const run = runOf({
        status: 'completed',
        input: HOSTILE,
        output: HOSTILE,
        error: HOSTILE,
        metadata: HOSTILE,
        provider_metadata: HOSTILE,
        token_usage: HOSTILE,
        unknown_key: HOSTILE,
        active: 'a key of a later version',
        extra: null,
        started_ms: 1,
      });
      await database().connect().save(run);
      const read = await database().connect().get(run.id);
      expect(JSON.stringify(read)).toBe(JSON.stringify(run));
      expect(Object.getPrototypeOf(read!.input)).toBe(Object.prototype);
      expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    });

    it.each(TEXTS)('comes back with %j as id, session and provider', async (text) => {
      const store = database().connect();
      const run = new Run({ id: text, sessionId: text, provider: text, input: { text } });
      const recorder = store.track(run);
      run.updateStatus('running');
      await recorder.flush();
      const other = new Run({ sessionId: `${text} ` });
      await store.save(other);
      expect((await store.get(text))?.toJSON()).toEqual(run.toJSON());
      expect((await store.getActive(text))?.id).toBe(text);
      expect((await store.list({ sessionId: text })).runs.map(({ id }) => id)).toEqual([text]);
      expect((await store.list({ provider: text })).runs.map(({ id }) => id)).toEqual([text]);
      const [entry] = await store.events(text);
      expect(entry).toMatchObject({ runId: text, sessionId: text });
      expect((await store.summarize({ groupBy: 'sessionId', sessionId: text }))[0]?.group).toEqual({
        sessionId: text,
      });
      expect(await store.delete(text)).toBe(true);
    });

    it('comes back with any JSON in its payloads', async () => {
      const store = database().connect();
      const payloads = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue());
      await fc.assert(
        fc.asyncProperty(payloads, payloads, async (input, metadata) => {
          const run = runOf({ input, metadata, later: metadata });
          await store.save(run);
          expect(JSON.stringify(await store.get(run.id))).toBe(JSON.stringify(run));
        }),
        { numRuns: 40 },
      );
    });

    it('comes back with five megabytes', async () => {
      const input = { rows: Array.from({ length: 5_000 }, (_, index) => ({ index, text: 'é'.repeat(500) })) };
      const run = new Run({ sessionId: 'session-1', input });
      await database().connect().save(run);
      expect((await database().connect().get(run.id))?.input).toEqual(input);
    });

    it('keeps microseconds, also when the run ends elsewhere', async () => {
      const store = database().connect();
      const run = runOf({ started_at: '2026-03-01T12:00:00.123456Z' });
      await store.save(run);
      await store.cancel(run.id);
      expect((await store.get(run.id))?.toJSON().started_at).toBe('2026-03-01T12:00:00.123456Z');
    });

    it('keeps the keys of a later version when an older one writes', async () => {
      const store = database().connect();
      const run = runOf({ later_key: { kept: [1, null] }, parent_run_id: 'run_parent' });
      await store.save(run);
      const read = await store.get(run.id);
      const recorder = store.track(read!);
      read!.updateStatus('running').incrementTurn();
      await recorder.flush();
      expect((await store.get(run.id))?.toJSON()).toMatchObject({
        later_key: { kept: [1, null] },
        parent_run_id: 'run_parent',
        turn_count: 1,
      });
    });

    it('keeps limits and costs to the last digit', async () => {
      const store = database().connect();
      const run = new Run({ sessionId: 'session-1', limits: { maxTurns: 3, maxCostUsd: 0.1 } });
      run.addCost(0.012345678).updateTokenUsage({ input_tokens: Number.MAX_SAFE_INTEGER, ratio: 0.1 });
      await store.save(run);
      const read = await store.get(run.id);
      expect(read?.limits).toMatchObject({ maxTurns: 3, maxCostUsd: 0.1 });
      expect(read?.costUsd).toBe(0.012345678);
      expect(read?.tokenUsage).toEqual({ input_tokens: Number.MAX_SAFE_INTEGER, ratio: 0.1 });
    });
  });
}
