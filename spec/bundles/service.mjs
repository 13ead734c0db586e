/** The small service that every bundler gets: one run on each store. It prints a line a store. */
import { inspect } from 'node:util';
import { Run, RunError } from 'agent-run';
import { MemoryRunStore } from 'agent-run/store';
import { PostgresRunStore } from 'agent-run/store/postgres';
import { SqliteRunStore } from 'agent-run/store/sqlite';

/** Stores a run, reads it back, and says what it is. */
async function live(store) {
  const run = new Run({ sessionId: 'session-1', input: { prompt: 'Hi' } });
  const recorder = store.track(run);
  await run.execute(({ run }) => {
    run.incrementTurn().updateTokenUsage({ input_tokens: 100, output_tokens: 50 });
    return { response: 'Hello!' };
  });
  await recorder.flush();
  const again = await store.get(run.id);
  await store.close();
  const shown = inspect(again).split(' ')[0];
  return `${shown} ${again.status} ${JSON.stringify(again.tokenUsage)}`;
}

async function line(name, open) {
  try {
    return `${name}: ${await live(open())}`;
  } catch (error) {
    return `${name}: ${error instanceof RunError ? error.code : 'raw'}: ${error.message}`;
  }
}

/** @param stores - Which stores to open: `memory`, `sqlite`, `postgres`. */
export async function report(stores) {
  const makers = {
    memory: () => new MemoryRunStore(),
    sqlite: () => new SqliteRunStore({ path: process.env.BUNDLE_SQLITE ?? ':memory:' }),
    postgres: () => new PostgresRunStore({ connectionString: process.env.BUNDLE_POSTGRES }),
  };
  const lines = [];
  for (const name of stores) lines.push(await line(name, makers[name]));
  return lines.join('\n');
}
