import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '../..');
const fixtures = join(root, 'spec/fixtures/streams');

describe('record-stream', () => {
  const command = ['--import', require.resolve('tsx'), join(root, 'examples/record-stream.ts')];
  const environment = {
    ...process.env,
    NO_COLOR: '1',
    NODE_OPTIONS: '',
    TSX_TSCONFIG_PATH: join(root, 'tsconfig.json'),
  };

  async function start(
    parameters: readonly string[],
    feed: (stdin: NodeJS.WritableStream, stop: () => void, output: () => string) => void,
  ): Promise<{ code: number | null; output: string }> {
    const child = spawn(process.execPath, [...command, ...parameters], { cwd: root, env: environment });
    let output = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      feed(
        child.stdin,
        () => child.kill('SIGINT'),
        () => output,
      );
    });
    feed(
      child.stdin,
      () => child.kill('SIGINT'),
      () => output,
    );
    return new Promise((resolve) => {
      child.once('close', (code) => resolve({ code, output }));
    });
  }

  it('reads a pipe and prints its record', async () => {
    const text = readFileSync(join(fixtures, 'codex-complete.jsonl'), 'utf8');
    const { code, output } = await start(['--json', '--model', 'gpt-5'], (stdin) => stdin.end(text));
    expect(output).toContain('"cost_usd": 0.008875');
    expect(code).toBe(0);
  }, 30_000);

  it('keeps what it has when it is interrupted, and exits with 130', async () => {
    const text = readFileSync(join(fixtures, 'claude-killed.jsonl'), 'utf8');
    let isFed = false;
    let isStopped = false;
    const { code, output } = await start(['--json'], (stdin, stop, soFar) => {
      if (!isFed) stdin.write(text);
      isFed = true;
      if (!isStopped && soFar().includes('turn      2')) {
        isStopped = true;
        stop();
      }
    });
    expect(output).toContain('"status": "cancelled"');
    expect(output).toContain('"input_tokens": 1054');
    expect(code).toBe(130);
  }, 30_000);

  it('says that it cannot read a file that is not there', async () => {
    const { code, output } = await start(['no-such-file.jsonl'], () => undefined);
    expect(output).toContain('ENOENT: no such file');
    expect(code).toBe(1);
  }, 30_000);
});
