/**
 * Compiles the type tests against the package as it would be published, with every TypeScript from 5.4 on:
 * `npm run test:types:matrix [VERSION …]`. Once where nothing but the package is installed, and once with
 * everything that it can be connected with. Installs the compilers first.
 */
import { execFile, execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface PackageJson {
  readonly version: string;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

/** A folder in which a user's code is compiled. */
interface Project {
  readonly name: string;
  readonly folder: string;
  /** The type tests that compile there. */
  readonly tests: readonly string[];
  /** What beside the language is declared. */
  readonly declared: { readonly types: readonly string[]; readonly lib: readonly string[] };
}

const root = join(__dirname, '../..');
const { version, exports, devDependencies } = readJson(join(root, 'package.json')) as PackageJson;

const ALONE = ['run', 'execute', 'store', 'usage', 'telemetry', 'http', 'coding-agents'];
const CONNECTED = ['ai-sdk', 'frameworks', 'opentelemetry'];

/** What those tests import beside the package. */
const OTHERS = ['@langchain/core', '@openai/agents', '@opentelemetry/api', '@pydantic/genai-prices', 'ai'];
const OTHER_TOOLS = ['@types/node', '@types/pg', 'libsql', 'pg', 'zod'];

/** Resolution of a service, and of a bundler; each with the option that makes `undefined` no absent member, and without. */
const MODES = [
  { module: 'nodenext', exactOptionalPropertyTypes: true },
  { module: 'node16', exactOptionalPropertyTypes: false },
  { module: 'esnext', moduleResolution: 'bundler', exactOptionalPropertyTypes: true },
] as const;

interface Combination {
  readonly compiler: string;
  readonly project: Project;
  readonly mode: Mode;
}

type Mode = (typeof MODES)[number];

async function main(wanted: readonly string[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'agent-run-types-'));
  let failures = 0;
  try {
    const compilers = installCompilers(folder);
    const chosen = compilers.filter(
      (name) => wanted.length === 0 || wanted.some((word) => name.endsWith(word)),
    );
    const projects = makeProjects(folder);
    for (const { compiler, project, mode } of combined(chosen, projects)) {
      const complaints = await compile(join(folder, 'compilers/node_modules', compiler), project, mode);
      const title = `${compiler}, ${project.name}, ${mode.module}`;
      console.log(complaints.length === 0 ? `ok: ${title}` : `FAILED: ${title}\n${complaints.join('\n')}`);
      if (complaints.length > 0) failures += 1;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(failures === 0 ? 'all compile' : `${failures} failed`);
  process.exitCode = failures === 0 ? 0 : 1;
}

function combined(compilers: readonly string[], projects: readonly Project[]): readonly Combination[] {
  return compilers.flatMap((compiler) =>
    projects.flatMap((project) => MODES.map((mode) => ({ compiler, project, mode }))),
  );
}

/** @returns the names of the compilers. */
function installCompilers(folder: string): string[] {
  const compilers = join(folder, 'compilers');
  cpSync(join(__dirname, 'typescripts'), compilers, { recursive: true });
  npm(['ci'], compilers);
  const { dependencies } = readJson(join(compilers, 'package.json')) as { dependencies: object };
  return Object.keys(dependencies);
}

function makeProjects(folder: string): readonly Project[] {
  npm(['pack', '--silent', '--pack-destination', folder], root);
  const tarball = join(folder, `agent-run-${version}.tgz`);
  const others = [...OTHERS, ...OTHER_TOOLS, 'ai-7'].map(
    (name) => `${name}@${devDependencies[name] as string}`,
  );
  const alone = { types: [], lib: ['ES2022', 'DOM'] };
  const connected = { types: ['node'], lib: ['ES2023'] };
  return [
    makeProject({ name: 'alone', folder: join(folder, 'alone'), tests: ALONE, declared: alone }, [tarball]),
    makeProject(
      {
        name: 'connected',
        folder: join(folder, 'connected'),
        tests: [...ALONE, ...CONNECTED],
        declared: connected,
      },
      [tarball, ...others],
    ),
  ];
}

function makeProject(project: Project, packages: readonly string[]): Project {
  const { folder, tests } = project;
  mkdirSync(folder);
  writeJson(join(folder, 'package.json'), { name: 'user', private: true });
  npm(['install', '--legacy-peer-deps', ...packages], folder);
  for (const test of tests) cpSync(join(root, `spec/types/${test}.ts`), join(folder, `${test}.ts`));
  writeFileSync(join(folder, 'entries.ts'), everyEntry());
  return project;
}

/** Imports whatever the package exports. */
function everyEntry(): string {
  const entries = Object.keys(exports).filter((subpath) => subpath !== './package.json');
  const imports = entries.map(
    (subpath, index) => `import * as entry${index} from 'agent-run${subpath.slice(1)}';`,
  );
  const names = entries.map((_, index) => `entry${index}`);
  return [...imports, `export const entries: object[] = [${names.join(', ')}];`, ''].join('\n');
}

/** @returns what the compiler says of the package and of its user: what others declare is theirs to mend. */
async function compile(
  compiler: string,
  { folder, tests, declared }: Project,
  mode: Mode,
): Promise<string[]> {
  const fixed = { target: 'ES2022', strict: true, skipLibCheck: false, noEmit: true };
  const files = ['entries', ...tests].map((test) => `${test}.ts`);
  writeJson(join(folder, 'tsconfig.json'), { compilerOptions: { ...mode, ...declared, ...fixed }, files });
  const parameters = [join(compiler, 'bin/tsc'), '--pretty', 'false'];
  return new Promise((resolve) => {
    execFile(process.execPath, parameters, { cwd: folder, maxBuffer: 2 ** 26 }, (error, stdout) => {
      const lines = stdout.split('\n').filter((line) => / error TS\d/.test(line));
      const ours = lines.filter((line) => !/^(?:\.\.\/)*node_modules\/(?!agent-run\/)/.test(line));
      // A compiler that fails without a word of why has not compiled anything.
      resolve(error !== null && lines.length === 0 ? [error.message, stdout] : ours);
    });
  });
}

function npm(parameters: readonly string[], cwd: string): void {
  const quiet = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel', 'error'];
  execFileSync('npm', [...parameters, ...quiet], { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function writeJson(path: string, content: unknown): void {
  writeFileSync(path, JSON.stringify(content));
}

void main(process.argv.slice(2));
