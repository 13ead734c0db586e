import { lstat, open, readdir, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import type {
  ChatCompletionFunctionTool,
  ChatCompletionMessageToolCall,
} from 'openai/resources/chat/completions';

/** A tool that a model may call. */
export interface Tool {
  readonly definition: ChatCompletionFunctionTool;
  /** @throws {ToolError} with a message that the model can act on. */
  call(parameters: ToolParameters): Promise<string>;
}

export type ToolParameters = Readonly<Record<string, unknown>>;

/** What the model did wrong, in words for the model. */
export class ToolError extends Error {
  override readonly name = 'ToolError';
}

const MAX_ENTRIES = 200;
const MAX_BYTES = 16_384;
const MAX_TITLE = 60;

/** What nobody means by "the files here", and what may hold secrets: a dot file stays private. */
const HIDDEN = /^(?:\..+|node_modules)$/;

/** The two tools of the agent: they see the folder and nothing outside it. */
export function folderTools(folder: string): readonly Tool[] {
  return [
    {
      definition: definition(
        'list_files',
        'Lists a folder: "name/" for a folder, "name (n bytes)" for a file.',
      ),
      call: async ({ path }) => listFiles(await insideOf(folder, path)),
    },
    {
      definition: definition('read_file', `Reads a text file, at most its first ${MAX_BYTES} bytes.`),
      call: async ({ path }) => readText(await insideOf(folder, path)),
    },
  ];
}

/** What a tool call is, for a person, and what the model gets for it. */
export interface ToolAnswer {
  readonly title: string;
  readonly content: string;
}

/** Does what the model asks for. What it got wrong becomes its answer, so that it can try again. */
export async function callTool(
  call: ChatCompletionMessageToolCall,
  tools: readonly Tool[],
): Promise<ToolAnswer> {
  if (call.type !== 'function') return { title: call.type, content: 'Error: there are only functions' };
  const { name, arguments: written } = call.function;
  const title = `${name} ${written.replace(/\s+/g, ' ').slice(0, MAX_TITLE)}`;
  try {
    const tool = tools.find(({ definition }) => definition.function.name === name);
    if (tool === undefined) throw new ToolError(`There is no tool "${name}"`);
    const content = await tool.call(parametersIn(written));
    return { title: `${title} → ${content.length} characters`, content };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { title: `${title} → ${message}`, content: `Error: ${message}` };
  }
}

function parametersIn(written: string): ToolParameters {
  try {
    const parameters: unknown = JSON.parse(written);
    if (typeof parameters === 'object' && parameters !== null) return parameters as ToolParameters;
  } catch {
    // Told below, as any other JSON that is no object.
  }
  throw new ToolError('The parameters must be a JSON object');
}

function definition(name: string, description: string): ChatCompletionFunctionTool {
  const path = {
    type: 'string',
    description: 'Relative to the folder that the question is about; "." is that folder.',
  };
  return {
    type: 'function',
    function: {
      name,
      description,
      strict: true,
      parameters: { type: 'object', properties: { path }, required: ['path'], additionalProperties: false },
    },
  };
}

/** The real place of a path, links followed, which has to be inside the folder and not hidden. */
async function insideOf(folder: string, path: unknown): Promise<string> {
  if (typeof path !== 'string' || path.includes('\0')) throw new ToolError('"path" must be a text');
  const root = await realpath(folder);
  const wanted = resolve(root, path);
  assertInside(root, wanted, path);
  const real = await realpath(wanted).catch(() => {
    throw new ToolError(`There is no "${path}" here`);
  });
  assertInside(root, real, path);
  return real;
}

function assertInside(root: string, place: string, path: string): void {
  const steps = relative(root, place);
  const parts = steps.split(sep);
  if (parts[0] === '..' || isAbsolute(steps)) throw new ToolError(`"${path}" is outside the folder`);
  if (parts.some((part) => HIDDEN.test(part))) throw new ToolError(`"${path}" is hidden`);
}

async function listFiles(place: string): Promise<string> {
  if (!(await stat(place)).isDirectory()) throw new ToolError('That is no folder: use read_file');
  const names = (await readdir(place)).filter((name) => !HIDDEN.test(name)).sort();
  const entries = await Promise.all(names.slice(0, MAX_ENTRIES).map((name) => entryLine(place, name)));
  if (names.length > MAX_ENTRIES) entries.push(`[${names.length - MAX_ENTRIES} more]`);
  return entries.join('\n') || '[empty]';
}

async function entryLine(place: string, name: string): Promise<string> {
  const entry = await lstat(join(place, name));
  if (entry.isDirectory()) return `${name}/`;
  return entry.isFile() ? `${name} (${entry.size} bytes)` : `${name} (no regular file)`;
}

async function readText(place: string): Promise<string> {
  const { size } = await regularFile(place);
  const file = await open(place);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_BYTES), 0, MAX_BYTES, 0);
    const bytes = buffer.subarray(0, bytesRead);
    if (bytes.includes(0)) throw new ToolError('That is a binary file');
    // A character that the limit cuts in two is left out, not replaced.
    const text = new TextDecoder().decode(bytes, { stream: true });
    return size > bytesRead ? `${text}\n[${size - bytesRead} more bytes]` : text;
  } finally {
    await file.close();
  }
}

async function regularFile(place: string): Promise<{ readonly size: number }> {
  const entry = await stat(place);
  if (entry.isDirectory()) throw new ToolError('That is a folder: use list_files');
  if (!entry.isFile()) throw new ToolError('That is no regular file');
  return entry;
}
