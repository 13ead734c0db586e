/** Type-checks every TypeScript block of the README, as a module of its own, against `lib`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as ts from 'typescript';

const root = join(__dirname, '..');

/** What a reader takes for granted: a run, an agent, a request, what a model answered. A block may declare these itself. */
const PRELUDE = `
import type * as core from 'agent-run';
import type * as stores from 'agent-run/store';
declare global {
  const run: core.Run;
  const agent: { ask(prompt: string, options: { signal: AbortSignal }): Promise<{ text: string; usage: object }> };
  function search(run: core.Run, signal: AbortSignal): Promise<{ pages: string[] }>;
  const log: Console;
  const metrics: { count(name: string, facts: object): void };
  const request: { readonly signal: AbortSignal };
  const response: { readonly id: string; write(text: string): void };
  const store: stores.RunStore;
  const id: string;
  const yesterday: Date;
  const lastSeen: number;
  const event: object;
  const threadId: string;
}
`;

interface Block {
  /** The line of the README on which its code begins. */
  readonly line: number;
  readonly file: string;
  readonly code: string;
}

function blocksOf(markdown: string): Block[] {
  return [...markdown.matchAll(/^```ts\n(.*?)^```$/gms)].map(({ index, 1: code }) => {
    const line = markdown.slice(0, index).split('\n').length + 1;
    // A module, whether or not it imports; .mts, since a reader's top-level await is fine.
    return { line, file: join(root, `README.${line}.mts`), code: `${code!}\nexport {};\n` };
  });
}

function compile(files: ReadonlyMap<string, string>): ts.Program {
  const read = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(read.config, ts.sys, root, {
    noUnusedLocals: false,
    noUnusedParameters: false,
    lib: ['lib.esnext.d.ts'],
  });
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (path) => files.has(path) || fileExists(path);
  host.readFile = (path) => files.get(path) ?? readFile(path);
  host.getSourceFile = (path, languageVersion, ...others) => {
    const code = files.get(path);
    if (code === undefined) return getSourceFile(path, languageVersion, ...others);
    return ts.createSourceFile(path, code, languageVersion);
  };
  return ts.createProgram([...files.keys()], options, host);
}

describe('README', () => {
  const blocks = blocksOf(readFileSync(join(root, 'README.md'), 'utf8'));
  const prelude = join(root, 'README.prelude.mts');
  let program: ts.Program;

  beforeAll(() => {
    program = compile(
      new Map([[prelude, PRELUDE], ...blocks.map(({ file, code }) => [file, code] as const)]),
    );
  }, 60_000);

  it('has a prelude without errors', () => {
    expect(errorsIn(prelude)).toEqual([]);
  });

  it.each(blocks)('has code at line $line that compiles', ({ file, line }) => {
    expect(errorsIn(file, line)).toEqual([]);
  });

  /** @param line - The line at which the file's code begins in the README. */
  function errorsIn(file: string, line = 1): string[] {
    const source = program.getSourceFile(file);
    return ts.getPreEmitDiagnostics(program, source).map(({ start = 0, messageText }) => {
      const at = source!.getLineAndCharacterOfPosition(start).line + line;
      return `line ${at}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    });
  }
});
