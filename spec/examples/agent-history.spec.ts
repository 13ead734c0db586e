import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Run } from 'agent-run';
import { SqliteRunStore } from 'agent-run/store/sqlite';
import type { ScriptedModel } from '../../examples/support/scripted-model';
import { startScriptedModel } from '../../examples/support/scripted-model';
import { AgentFolder, recordIn } from './agent-program';
import { serviceAt } from './endpoint';
import type { Program } from './program';

let folder: AgentFolder;

beforeEach(() => {
  folder = new AgentFolder();
});

afterEach(() => {
  folder.remove();
});

describe('npm start, again', () => {
  jest.setTimeout(60_000);
  const LEASE_MS = 3_000;

  /** Starts an agent with a slow model, and waits until its second turn is stored. */
  async function startSlowAgent(): Promise<{ agent: Program; runId: string; store: SqliteRunStore }> {
    model = await startScriptedModel({ thinkingMs: 600 });
    const agent = folder.start([], serviceAt(model.baseUrl));
    await agent.printed('turn      2');
    const store = new SqliteRunStore({ path: folder.history });
    for await (const { runId, type, data } of store.watch()) {
      if (type === 'turnIncremented' && data['turnCount'] === 2) return { agent, runId, store };
    }
    throw new Error('The store was closed');
  }

  let model: ScriptedModel | undefined;

  afterEach(() => model?.close());

  it('shows the earlier runs of the folder', async () => {
    const first = recordIn(await folder.start(['What is in boats.csv?']).ended);
    const { output } = await folder.start().ended;
    expect(output).toContain('kept in    .agent-run/runs.db');
    expect(output).toMatch(
      /^earlier {4}\d{4}-\d\d-\d\d \d\d:\d\d {2}completed, 3 turns, [\d,]+ tokens, \$0\.\d+: What is in boats\.csv\?$/m,
    );
    const store = new SqliteRunStore({ path: folder.history });
    expect((await store.get(first.id))?.toJSON()).toEqual(first);
    await store.close();
  });

  it('recovers a run whose process was killed, with what it had used', async () => {
    const { agent, runId, store } = await startSlowAgent();
    agent.child.kill('SIGKILL');
    await agent.ended;
    expect((await store.get(runId))?.status).toBe('running');
    await pause(LEASE_MS);
    const { output } = await folder.start().ended;
    expect(output).toMatch(new RegExp(`^recovered  ${runId}, left running by a process that is gone:$`, 'm'));
    const run = await store.get(runId);
    await store.close();
    expect(run?.toJSON()).toMatchObject({ status: 'failed', turn_count: 2, error: { code: 'orphaned' } });
    expect(run?.tokenUsage.input_tokens).toBeGreaterThan(0);
    expect((await folder.start().ended).output).not.toContain('recovered');
  });

  it('stops when another process cancels its run', async () => {
    const { agent, runId, store } = await startSlowAgent();
    await store.cancel(runId, 'Not needed any more');
    const ended = await agent.ended;
    await store.close();
    expect(ended.code).toBe(1);
    expect(recordIn(ended)).toMatchObject({
      status: 'cancelled',
      error: { code: 'cancelled', message: 'Not needed any more' },
    });
  });

  it('shows the runs of other programs too', async () => {
    mkdirSync(dirname(folder.history));
    const store = new SqliteRunStore({ path: folder.history });
    await store.save(new Run({ sessionId: folder.path }));
    await store.close();
    expect((await folder.start().ended).output).toMatch(/^earlier .* pending, 0 turns, 0 tokens, \?:/m);
  });

  it('keeps the runs where AGENT_RUN_DB says', async () => {
    const file = join(folder.path, 'elsewhere', 'agent.db');
    const { output } = await folder.start([], { AGENT_RUN_DB: file }).ended;
    expect(output).toContain(`kept in    ${file}`);
    expect(existsSync(file)).toBe(true);
  });

  it('says so when the file is no database', async () => {
    const { code, errors } = await folder.start([], { AGENT_RUN_DB: 'README.md' }).ended;
    expect(code).toBe(1);
    expect(errors).toContain('README.md');
    expect(errors).not.toMatch(/^ +at /m);
  });
});
