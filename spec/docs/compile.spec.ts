/** Type-checks every TypeScript block of README.md and docs/, as its reader has it, against `lib`. */
import { join } from 'node:path';
import * as ts from 'typescript';
import type { Block } from './pages';
import { blocksOf, pages, root } from './pages';

interface Source extends Block {
  readonly file: string;
  /** How many lines of the page's preamble stand before the code. */
  readonly before: number;
}

/** Modules, whether or not they import; .mts, since a reader's top-level await is fine. */
function sourcesOf(page: string): Source[] {
  const blocks = blocksOf(page);
  const preamble = blocks
    .filter(({ kind }) => kind === 'preamble')
    .map(({ code }) => code)
    .join('');
  return blocks.map((block) => {
    const lead = block.kind === 'part' ? preamble : '';
    return {
      ...block,
      file: join(root, `${page}.${block.line}.mts`),
      before: lead.split('\n').length - 1,
      code: `${lead}${lead === '' ? block.code : inScope(block.code)}\nexport {};\n`,
    };
  });
}

/** A block may declare for itself what the preamble has: behind its imports it is a scope of its own. */
function inScope(code: string): string {
  if (/^export /m.test(code)) return code;
  const imports = /^(?:import\b[^;]*;\n)*/.exec(code)![0];
  return `${imports}{${code.slice(imports.length)}}`;
}

function compile(files: ReadonlyMap<string, string>): ts.Program {
  const read = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(read.config, ts.sys, root, {
    noUnusedLocals: false,
    noUnusedParameters: false,
    lib: ['lib.esnext.d.ts', 'lib.dom.d.ts', 'lib.dom.asynciterable.d.ts'],
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

const sources = pages().flatMap(sourcesOf);

describe('the TypeScript of README.md and docs/', () => {
  let program: ts.Program;

  beforeAll(() => {
    program = compile(new Map(sources.map(({ file, code }) => [file, code])));
  }, 120_000);

  it('is there', () => {
    expect(sources.length).toBeGreaterThan(10);
  });

  it.each(sources)('compiles at $page:$line', ({ file, line, before }) => {
    const source = program.getSourceFile(file);
    const errors = ts.getPreEmitDiagnostics(program, source).map(({ start = 0, messageText }) => {
      const at = source!.getLineAndCharacterOfPosition(start).line + line - before;
      return `line ${at}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    });
    expect(errors).toEqual([]);
  });
});
