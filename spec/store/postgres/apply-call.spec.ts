import { Run } from 'agent-run';
import { PostgresRunStore } from 'agent-run/store/postgres';
import type { TestDatabase } from '../../support/postgres';
import { createDatabase } from '../../support/postgres';

/** Texts that mean something where PostgreSQL reads an array. */
const TEXTS = [
  'plain',
  'NULL',
  '{a,b}',
  'a,"b"',
  'back\\slash\\',
  'line\nfeed\ttab\r',
  '\u0001mark',
  '\u007f\u2028',
  ' 🙂 ',
  '',
];

describe('applyCall()', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createDatabase();
  });

  afterAll(async () => {
    await database.drop();
  });

  it('writes many runs in one call, whatever letters their texts have', async () => {
    const store = new PostgresRunStore({ connectionString: database.url });
    const runs = TEXTS.map(
      (text, index) =>
        new Run({
          id: `run_${index}_${text}`,
          sessionId: `session-${text}`,
          provider: text === '' ? undefined : text,
          input: { [text]: text },
          metadata: { texts: TEXTS },
        }),
    );
    const recorders = runs.map((run) => store.track(run.updateStatus('running')));
    await Promise.all(recorders.map((recorder) => recorder.flush()));
    for (const run of runs) run.incrementTurn().updateTokenUsage({ output_tokens: 1 });
    runs[0]!.setOutput({ texts: TEXTS });
    await Promise.all(recorders.map((recorder) => recorder.stop()));
    for (const run of runs) {
      expect((await store.get(run.id))?.toJSON()).toEqual(run.toJSON());
      const types = (await store.events(run.id)).map(({ type }) => type);
      expect(types.slice(-2 - Number(run.isTerminal))).toEqual([
        'turnIncremented',
        'usageUpdated',
        ...(run.isTerminal ? ['statusChanged'] : []),
      ]);
    }
    await store.close();
  });
});
