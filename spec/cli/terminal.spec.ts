import { spawn } from '@lydell/node-pty';
import type { IPty } from '@lydell/node-pty';
import { Run } from 'agent-run';
import { UsageMeter } from 'agent-run/usage';
import { CompiledCommand, plainEnvironment } from './command';
import type { SeededStore } from './stores';
import { sqliteStore } from './stores';

jest.setTimeout(60_000);

const COLOUR = '\u001b[';

/** What a terminal acts on. */
const ACTING = ['\u001b', '\u0007', '\u009b', '\u202e'];

/** The command on a terminal of its own. */
class Terminal {
  readonly ended: Promise<number>;
  readonly #pty: IPty;
  #screen = '';

  constructor(pty: IPty) {
    this.#pty = pty;
    pty.onData((text) => (this.#screen += text));
    this.ended = new Promise((resolve) => {
      pty.onExit(({ exitCode }) => resolve(exitCode));
    });
  }

  get screen(): string {
    return this.#screen.replaceAll('\r\n', '\n');
  }

  type(text: string): void {
    this.#pty.write(text);
  }

  async shows(text: string): Promise<void> {
    if (this.#screen.includes(text)) return;
    await new Promise<void>((resolve, reject) => {
      this.#pty.onData(() => {
        if (this.#screen.includes(text)) resolve();
      });
      this.#pty.onExit(() => reject(new Error(`ended without "${text}":\n${this.#screen}`)));
    });
  }
}

describe('agent-run on a terminal', () => {
  let command: CompiledCommand;
  let seeded: SeededStore;

  function start(
    parameters: readonly string[],
    { columns = 80, environment = {} }: { columns?: number; environment?: Record<string, string> } = {},
  ): Terminal {
    const [node, file] = command.call;
    const env = { ...plainEnvironment(), TERM: 'xterm-256color', NO_COLOR: '', ...environment };
    const options = { cols: columns, rows: 40, cwd: process.cwd(), env };
    return new Terminal(spawn(node, [file, '--store', seeded.address, ...parameters], options));
  }

  async function liveRun(id: string): Promise<void> {
    await seeded.store.save(new Run({ id, sessionId: 'chat' }).updateStatus('running'));
  }

  async function statusOf(id: string): Promise<string | undefined> {
    return (await seeded.store.get(id))?.status;
  }

  beforeAll(async () => {
    command = new CompiledCommand();
    seeded = await sqliteStore();
  });

  afterAll(async () => {
    await seeded.close();
    command.remove();
  });

  it('has colours, and none where NO_COLOR or a dumb terminal says so', async () => {
    const coloured = start(['list']);
    expect(await coloured.ended).toBe(0);
    expect(coloured.screen).toContain(COLOUR);
    for (const environment of [{ NO_COLOR: '1' }, { TERM: 'dumb' }]) {
      const plain = start(['list'], { environment });
      await plain.ended;
      expect(plain.screen).not.toContain(COLOUR);
      expect(plain.screen).toContain('run-done');
    }
  });

  it.each([40, 60, 80, 200])('fits tables into %d columns', async (columns) => {
    const terminal = start(['list'], { columns, environment: { NO_COLOR: '1' } });
    await terminal.ended;
    const widths = terminal.screen.split('\n').map((line) => line.length);
    expect(Math.max(...widths)).toBeLessThanOrEqual(columns);
    for (const id of ['run-done', 'run-failed', 'run-live']) expect(terminal.screen).toContain(id);
  });

  it.each([
    ['y\r', 0, 'cancelled'],
    ['yes\r', 0, 'cancelled'],
    ['\r', 1, 'running'],
    ['n\r', 1, 'running'],
    ['\u0003', 130, 'running'],
    ['\u0004', 1, 'running'],
  ])('asks before it cancels, and takes %j for an answer', async (typed, code, status) => {
    const id = `asked-${JSON.stringify(typed)}`;
    await liveRun(id);
    const terminal = start(['cancel', id]);
    await terminal.shows('[y/N]');
    expect(terminal.screen).toContain('(running, ');
    terminal.type(typed);
    expect(await terminal.ended).toBe(code);
    expect(await statusOf(id)).toBe(status);
    if (code !== 0) expect(terminal.screen).toContain('nothing was changed');
  });

  it('does not ask with --yes', async () => {
    await liveRun('certain');
    const terminal = start(['cancel', 'certain', '--yes']);
    expect(await terminal.ended).toBe(0);
    expect(terminal.screen).not.toContain('[y/N]');
    expect(await statusOf('certain')).toBe('cancelled');
  });

  it('shows a hostile record without doing what it says', async () => {
    const hostile = '\u001b]0;owned\u0007\u001b[2J\u009b31m\u202e';
    const run = new Run({
      id: `id-${hostile}`,
      sessionId: hostile,
      provider: hostile,
      metadata: { [hostile]: hostile },
    });
    const recorder = seeded.store.track(run);
    run.updateStatus('running');
    new UsageMeter(run, { provider: hostile, model: hostile }).record({ input_tokens: 9, output_tokens: 1 });
    run.startStep(hostile, { kind: hostile, input: { [hostile]: hostile } }).fail({ code: hostile });
    run.note(hostile, { [hostile]: hostile });
    run.setError({ code: hostile, message: hostile, details: { [hostile]: hostile } });
    await recorder.stop();
    for (const parameters of [
      ['list'],
      ['show', run.id],
      ['cost', '--by', 'session,provider,model'],
      ['cost', '--by', `metadata.${hostile}`],
      ['follow', '--run', run.id],
    ]) {
      const terminal = start(parameters, { columns: 200, environment: { NO_COLOR: '1' } });
      expect(await terminal.ended).toBe(0);
      expect(ACTING.filter((character) => terminal.screen.includes(character))).toEqual([]);
    }
    await seeded.store.delete(run.id);
  });

  it('stops following at Ctrl-C and says that the run goes on', async () => {
    await liveRun('watched');
    const terminal = start(['follow', '--run', 'watched']);
    await terminal.shows('pending → running');
    terminal.type('\u0003');
    expect(await terminal.ended).toBe(130);
    expect(terminal.screen).toContain('run watched goes on');
    expect(await statusOf('watched')).toBe('running');
  });
});
