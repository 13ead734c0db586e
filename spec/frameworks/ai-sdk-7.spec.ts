import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(__dirname, '../..');

/** AI SDK 7 wants Node 22: this one, or one from the registry where that can be had. */
function newerNode(): string[] | null {
  if (Number(process.versions.node.split('.')[0]) >= 22) return [process.execPath];
  const command = ['npx', '--yes', '-p', 'node@24', 'node'];
  const { status, stdout } = run(command, ['-p', 'process.versions.node']);
  return status === 0 && stdout.startsWith('24.') ? command : null;
}

function run(
  [program, ...first]: readonly string[],
  more: readonly string[],
): ReturnType<typeof spawnSync> & { stdout: string; stderr: string } {
  return spawnSync(program!, [...first, ...more], {
    cwd: root,
    encoding: 'utf8',
    timeout: 60_000,
    env: { ...process.env, NODE_OPTIONS: '', TSX_TSCONFIG_PATH: join(root, 'tsconfig.json') },
  });
}

const node = newerNode();
const describeSeven = node === null ? describe.skip : describe;

describeSeven('AI SDK 7 (only where a Node from 22 on is to be had)', () => {
  it('is counted as AI SDK 6 is, at every end', () => {
    const { stdout, stderr } = run(node!, [
      '--import',
      require.resolve('tsx'),
      'spec/frameworks/programs/ai-sdk-7.ts',
    ]);
    expect(stderr).not.toContain('Error');
    const one = { requests: 1, input_tokens: 1000, output_tokens: 100 };
    const lost = { turns: 1, costUsd: null, requests: 1, unpriced_requests: 1 };
    expect(JSON.parse(stdout)).toMatchObject({
      generate: { status: 'completed', turns: 2, costUsd: 0.0027, requests: 2, input_tokens: 2000 },
      steps: [
        { name: 'weather', status: 'completed' },
        { name: 'weather', status: 'completed' },
      ],
      stream: { status: 'completed', turns: 1, costUsd: 0.00135, ...one },
      timeout: { status: 'timeout', code: 'timeout', ...lost },
      cancelled: { status: 'cancelled', code: 'cancelled', ...lost },
      limit: { status: 'failed', code: 'limit_exceeded', turns: 1, ...one },
    });
  }, 120_000);
});
