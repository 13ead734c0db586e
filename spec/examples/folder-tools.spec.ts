import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { folderTools } from '../../examples/support/folder-tools';

let outside: string;
let folder: string;

beforeAll(() => {
  outside = mkdtempSync(join(tmpdir(), 'agent-run-tools-'));
  folder = join(outside, 'folder');
  mkdirSync(join(folder, 'sub'), { recursive: true });
  mkdirSync(join(folder, 'many'));
  mkdirSync(join(folder, 'empty'));
  mkdirSync(join(outside, 'folder-beside'));
  writeFileSync(join(outside, 'secret.txt'), 'secret');
  writeFileSync(join(outside, 'folder-beside', 'secret.txt'), 'secret');
  writeFileSync(join(folder, 'note.txt'), 'a note');
  writeFileSync(join(folder, 'sub', 'deep.txt'), 'deep');
  writeFileSync(join(folder, '.env'), 'KEY=secret');
  writeFileSync(join(folder, 'binary'), Buffer.from([1, 0, 2]));
  writeFileSync(join(folder, 'long.txt'), `${'x'.repeat(16_383)}é and more`);
  for (let index = 0; index < 250; index++) writeFileSync(join(folder, 'many', `file-${index}`), '');
  symlinkSync(join(outside, 'secret.txt'), join(folder, 'link'));
  symlinkSync(outside, join(folder, 'sub', 'link'));
  symlinkSync('.env', join(folder, 'hidden-link'));
  symlinkSync('note.txt', join(folder, 'note-link'));
  execFileSync('mkfifo', [join(folder, 'pipe')]);
});

afterAll(() => {
  rmSync(outside, { recursive: true, force: true });
});

function call(name: string, path: unknown): Promise<string> {
  const tool = folderTools(folder).find(({ definition }) => definition.function.name === name);
  return tool!.call({ path });
}

describe('list_files', () => {
  it('gives folders, and files with their sizes, without the hidden ones', async () => {
    expect((await call('list_files', '.')).split('\n')).toEqual([
      'binary (3 bytes)',
      'empty/',
      'hidden-link (no regular file)',
      'link (no regular file)',
      'long.txt (16394 bytes)',
      'many/',
      'note-link (no regular file)',
      'note.txt (6 bytes)',
      'pipe (no regular file)',
      'sub/',
    ]);
  });

  it('lists at most 200 entries and says how many there are beyond', async () => {
    const lines = (await call('list_files', 'many')).split('\n');
    expect(lines).toHaveLength(201);
    expect(lines.at(-1)).toBe('[50 more]');
  });

  it('says of an empty folder that it is empty', async () => {
    expect(await call('list_files', 'empty')).toBe('[empty]');
  });

  it('refuses a file', async () => {
    await expect(call('list_files', 'note.txt')).rejects.toThrow('That is no folder: use read_file');
  });
});

describe('read_file', () => {
  it.each([
    ['note.txt', 'a note'],
    ['./sub/../note.txt', 'a note'],
    ['sub/deep.txt', 'deep'],
    ['note-link', 'a note'],
  ])('reads %s', async (path, content) => {
    expect(await call('read_file', path)).toBe(content);
  });

  it('reads 16 KiB of a long file, no half character, and says how much is left', async () => {
    expect(await call('read_file', 'long.txt')).toBe(`${'x'.repeat(16_383)}\n[10 more bytes]`);
  });

  it.each([
    ['../secret.txt', 'is outside the folder'],
    ['..', 'is outside the folder'],
    ['sub/../../secret.txt', 'is outside the folder'],
    ['../folder-beside/secret.txt', 'is outside the folder'],
    ['/etc/passwd', 'is outside the folder'],
    ['link', 'is outside the folder'],
    ['sub/link/secret.txt', 'is outside the folder'],
    ['.env', 'is hidden'],
    ['hidden-link', 'is hidden'],
    ['node_modules/agent-run/package.json', 'is hidden'],
    ['nothing.txt', 'There is no "nothing.txt" here'],
    ['note.txt\0', '"path" must be a text'],
    [7, '"path" must be a text'],
    ['sub', 'That is a folder: use list_files'],
    ['pipe', 'That is no regular file'],
    ['binary', 'That is a binary file'],
  ])('refuses %p', async (path, message) => {
    await expect(call('read_file', path)).rejects.toThrow(message);
  });
});
