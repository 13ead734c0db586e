import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Run } from 'agent-run';
import type { RunJSON } from 'agent-run';
import type { Ended } from '../examples/program';
import { CompiledCommand, plainEnvironment } from './command';
import type { SeededStore } from './stores';
import { postgresStore, sqliteStore } from './stores';

jest.setTimeout(60_000);

let command: CompiledCommand;

beforeAll(() => {
  command = new CompiledCommand();
});

afterAll(() => command.remove());

const OPENERS = [
  ['SQLite', sqliteStore],
  ['PostgreSQL', postgresStore],
] as const;

function linesOf({ output }: Ended): string[] {
  return output.split('\n').filter((line) => line !== '');
}

for (const [name, open] of OPENERS) {
  describe(`agent-run on ${name}`, () => {
    let seeded: SeededStore;
    let at: (...parameters: string[]) => Promise<Ended>;

    beforeAll(async () => {
      seeded = await open();
      at = (...parameters) => command.run(['--store', seeded.address, ...parameters]);
    });

    afterAll(() => seeded.close());

    it('lists runs in a table, newest first, in the zone of the machine', async () => {
      const ended = await at('list');
      expect([ended.code, ended.errors]).toEqual([0, '']);
      const [heading, ...rows] = linesOf(ended);
      expect(heading).toMatch(/^ID +STATUS +STARTED +TOOK +COST +TOKENS +TURNS +SESSION +ERROR$/);
      expect(rows.map((row) => row.split(' ')[0])).toEqual(['run-live', 'run-failed', 'run-done']);
      expect(rows[2]).toContain('1,234');
      expect(rows[2]).toContain('$0.0125');
      const { startedAt } = (await seeded.store.get('run-done'))!;
      // Tokyo is nine hours ahead, all year.
      const local = new Date(startedAt.getTime() + 9 * 3_600_000)
        .toISOString()
        .slice(0, 19)
        .replace('T', ' ');
      expect(rows[2]).toContain(local);
      expect((await at('--utc', 'list')).output).toContain(
        startedAt.toISOString().slice(0, 19).replace('T', ' '),
      );
      expect(ended.output).not.toContain('\u001b');
    });

    it('filters, and gives JSON as the HTTP API does', async () => {
      const filters = ['--status', 'failed,completed', '--since', 'yesterday', '--metadata', 'tier=2'];
      const { output } = await at('list', '--json', ...filters);
      const { runs, next_cursor: cursor } = JSON.parse(output) as { runs: RunJSON[]; next_cursor: null };
      expect(runs.map(({ id }) => id)).toEqual(['run-failed', 'run-done']);
      expect(cursor).toBeNull();
      expect(runs[1]).toEqual((await seeded.store.get('run-done'))!.toJSON());
    });

    it('says that there are more, and goes on behind them', async () => {
      const page = await at('list', '--limit', '2', '--format', 'jsonl');
      expect(linesOf(page)).toHaveLength(2);
      const [, cursor] = /There are more: --cursor (\S+)/.exec(page.errors)!;
      const next = await at('list', '--limit', '2', '--format', 'jsonl', '--cursor', cursor!);
      expect(linesOf(next).map((line) => (JSON.parse(line) as RunJSON).id)).toEqual(['run-done']);
      expect(next.errors).toBe('');
    });

    it('exports records that can be read again, and CSV that no spreadsheet runs', async () => {
      const ended = await at('export');
      expect(ended.errors).toMatch(/^3 runs written/);
      const records = linesOf(ended).map((line) => Run.fromJSON(JSON.parse(line)));
      expect(records.map(({ id }) => id)).toEqual(['run-live', 'run-failed', 'run-done']);
      const csv = linesOf(await at('export', '--format', 'csv'));
      expect(csv[0]).toMatch(/^id,session_id,status,provider,.*,cost_usd,error_code,error_message,metadata$/);
      expect(csv[2]).toContain("run-failed,'=cmd|calc,failed");
      expect(csv[2]).toContain('"no\u001b[31m luck, ""quoted"""');
    });

    it('adds up by several groups', async () => {
      const ended = await at('cost', '--by', 'status,provider');
      expect(linesOf(ended)[0]).toMatch(/^STATUS +PROVIDER +RUNS +TURNS +IN +CACHED +OUT +COST +UNPRICED$/);
      expect(ended.output).toMatch(/completed +openai +1 +1 +1,200 +1,000 +34 +\$0\.0125/);
      expect(ended.output).toContain('$0.0125 together');
      const csv = linesOf(await at('cost', '--by', 'session', '--format', 'csv', '--session', 'chat-1'));
      expect(csv).toEqual([
        'session_id,runs,turns,input_tokens,output_tokens,cache_read_tokens,total_tokens,cost_usd,unpriced_requests',
        'chat-1,1,1,1200,34,1000,,0.0125,0',
      ]);
      const json = JSON.parse((await at('cost', '--by', 'metadata.plan', '--json')).output) as {
        rows: object[];
      };
      expect(json.rows).toHaveLength(3);
    });

    it('shows a run, without doing to the terminal what its texts say', async () => {
      const { output, code } = await at('show', 'run-failed');
      expect(code).toBe(0);
      expect(output).toContain('failed after');
      expect(output).toContain('model_error: no\\u001b[31m luck');
      expect(output).not.toContain('\u001b');
      const json = JSON.parse((await at('show', 'run-done', '--json')).output) as {
        run: RunJSON;
        lease: null;
      };
      expect(json).toEqual({ run: (await seeded.store.get('run-done'))!.toJSON(), lease: null });
    });

    it('follows a run that has ended from its beginning to its end', async () => {
      const ended = await at('follow', '--run', 'run-done');
      expect(ended.code).toBe(0);
      const events = [
        ...ended.output.matchAll(/^ +[\d.]+ s .* {2}(status|turn|usage|step|done|note) +(.*)$/gm),
      ].map(([, event, text]) => `${event!} ${text!}`);
      expect(events).toEqual([
        'status pending → running',
        'turn 1',
        'usage +1,200 in (1,000 cached), +34 out',
        'usage the cost',
        'step fetch_page  {"url":"https://example.test"}',
        expect.stringMatching(/^done fetch_page in [\d.]+ s {2}\{"bytes":3\}$/),
        'note progress  {"percent":40}',
        'status running → completed',
      ]);
      expect(ended.output).toMatch(/run-done completed after/);
    });

    it('cancels and answers only when told to, and says what the store says', async () => {
      await seeded.store.save(new Run({ id: 'run-to-cancel', sessionId: 'chat-3' }).updateStatus('running'));
      const unsure = await at('cancel', 'run-to-cancel');
      expect([unsure.code, unsure.errors]).toEqual([
        2,
        'agent-run: this changes the store: say --yes where nobody can be asked\n',
      ]);
      const done = await at('cancel', 'run-to-cancel', '--reason', 'enough', '--yes');
      expect([done.code, done.output]).toEqual([0, 'run-to-cancel is cancelled.\n']);
      expect((await seeded.store.get('run-to-cancel'))!.error).toMatchObject({ message: 'enough' });
      const again = await at('cancel', 'run-to-cancel', '--yes');
      expect([again.code, linesOf({ ...again, output: again.errors })]).toEqual([
        1,
        [expect.stringMatching(/^agent-run: /)],
      ]);
      expect((await at('cancel', 'nobody', '--yes')).errors).toBe('agent-run: the store has no run nobody\n');
      expect((await at('answer', 'run-live', '{}', '--yes')).code).toBe(1);
      await seeded.store.delete('run-to-cancel');
    });
  });
}

describe('agent-run', () => {
  let seeded: SeededStore;
  let folder: string;

  beforeAll(async () => {
    seeded = await sqliteStore();
    folder = mkdtempSync(join(tmpdir(), 'agent-run-cli-'));
  });

  afterAll(async () => {
    await seeded.close();
    rmSync(folder, { recursive: true });
  });

  it('takes the store from the environment', async () => {
    const ended = await command.run(['list', '--format', 'jsonl'], { AGENT_RUN_STORE: seeded.address });
    expect(linesOf(ended)).toHaveLength(3);
  });

  it.each([
    [['list'], 2, /^agent-run: say which store: /],
    [['--store', 'mysql://host/x', 'list'], 2, /^agent-run: there is no store for mysql:\/\//],
    [['--store', 'postgres://u:pass word@[/x', 'list'], 2, /^agent-run: the URL of the store cannot be read/],
    [['--store', 'none.db', 'list'], 1, /^agent-run: there is no file none\.db\n$/],
    [['--store', '.', 'list'], 1, /^agent-run: \. is no file\n$/],
    [['--store', 'package.json', 'list'], 1, /^agent-run: .*package\.json.*it is no SQLite file\)\n$/],
    [['nonsense'], 2, /^error: unknown command 'nonsense'/],
    [['list', '--nonsense'], 2, /^error: unknown option '--nonsense'/],
    [['list', '--status', 'lost'], 2, /^agent-run: --status must be of pending, /],
    [['list', '--since', 'soon'], 2, /^agent-run: --since must be like 7d/],
    [['list', '--json', '--format', 'csv'], 2, /^agent-run: --json and --format/],
    [['cost', '--by', 'colour'], 2, /^agent-run: --by must be of /],
    [['answer', 'run', '{bad'], 2, /^agent-run: the answer must be JSON/],
    [['prune'], 2, /^error: required option '--older-than <when>'/],
    [['follow', '--run', 'a', '--session', 'b'], 2, /^agent-run: --run and --session/],
    [['show', 'nobody'], 1, /^agent-run: the store has no run nobody\n$/],
  ])('%j ends with %d and one line that says why', async (parameters, code, message) => {
    const isBare = parameters[0] === 'list' && parameters.length === 1;
    const needsStore = !parameters.includes('--store') && !isBare;
    const ended = await command.run(parameters, needsStore ? { AGENT_RUN_STORE: seeded.address } : {});
    expect(ended.errors).toMatch(message);
    expect(ended.code).toBe(code);
    expect(ended.errors).not.toMatch(/\n +at /);
    expect(ended.output).toBe('');
    expect(existsSync('none.db')).toBe(false);
  });

  it('says what is wrong with a database, and never its password', async () => {
    const postgres = await postgresStore();
    const url = new URL(postgres.address);
    const secret = url.password;
    url.password = 'se-cret';
    const wrong = await command.run(['--store', url.href, 'list']);
    expect([wrong.code, wrong.errors]).toEqual([
      1,
      expect.stringContaining('check the user and the password'),
    ]);
    url.password = secret;
    url.pathname = '/nowhere';
    const none = await command.run(['--store', url.href, 'list']);
    expect([none.code, none.errors]).toEqual([1, expect.stringContaining('check the name of the database')]);
    url.port = '1';
    const away = await command.run(['--store', url.href, 'list']);
    expect([away.code, away.errors]).toEqual([1, expect.stringContaining('check host and port')]);
    for (const { errors } of [wrong, none, away]) {
      expect(errors).not.toMatch(/se-cret/);
      expect(errors).not.toContain(secret);
      expect(errors.trimEnd()).not.toContain('\n');
    }
    await postgres.close();
  });

  it('ends quietly when its reader has seen enough', async () => {
    const program = command.call.map((part) => `'${part}'`).join(' ');
    const script = `{ ${program} --store '${seeded.address}' export; echo "code $?" >&2; } | head -n 1`;
    const { stdout, stderr } = await promisify(execFile)('sh', ['-c', script], {
      env: plainEnvironment(),
    });
    expect(stdout.split('\n')).toHaveLength(2);
    expect(stderr).toMatch(/code 0\n$/);
    expect(stderr).not.toContain('EPIPE');
  });

  it('exports to a file that is not there yet, which nobody else may read', async () => {
    const file = join(folder, 'runs.csv');
    const ended = await command.run([
      '--store',
      seeded.address,
      'export',
      '--format',
      'csv',
      '--output',
      file,
    ]);
    expect([ended.code, ended.output]).toEqual([0, '']);
    expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(5);
    writeFileSync(file, 'precious');
    const again = await command.run(['--store', seeded.address, 'export', '--output', file]);
    expect([again.code, again.errors]).toEqual([1, `agent-run: ${file} is there already\n`]);
    expect(readFileSync(file, 'utf8')).toBe('precious');
  });

  it('follows a session until Ctrl-C, and leaves its runs alone', async () => {
    const program = command.start([
      '--store',
      seeded.address,
      'follow',
      '--session',
      'chat-9',
      '--json',
      '--after',
      '0',
    ]);
    const live = new Run({ id: 'run-followed', sessionId: 'chat-9' });
    const recorder = seeded.store.track(live);
    live.updateStatus('running');
    await recorder.flush();
    await program.printed('"to":"running"');
    program.child.kill('SIGINT');
    const ended = await program.ended;
    expect([ended.code, ended.errors]).toEqual([130, 'agent-run: stopped following\n']);
    expect(live.status).toBe('running');
    expect((await seeded.store.get('run-followed'))!.status).toBe('running');
    live.cancel();
    await recorder.stop();
  });

  it('explains itself and each of its commands, with an example', async () => {
    const { output, code } = await command.run(['--help']);
    expect(code).toBe(0);
    const names = [...output.matchAll(/^ {2}(\w+) (?=.*\[options\])/gm)].map(([, command]) => command!);
    expect(names).toEqual([
      'list',
      'show',
      'follow',
      'cost',
      'stuck',
      'cancel',
      'answer',
      'recover',
      'prune',
      'export',
      'ui',
    ]);
    for (const name of names) {
      expect((await command.run([name, '--help'])).output).toMatch(/Examples?:\n {2}agent-run/);
    }
    expect((await command.run(['--version'])).output).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
