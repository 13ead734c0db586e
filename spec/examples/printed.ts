import { readFileSync } from 'node:fs';

/** What an example says that it prints, and with which parameters. */
export interface Printed {
  readonly parameters: readonly string[];
  readonly text: string;
}

const HEADING = /^\/\/ Prints(?:, given (?<parameters>.+))?:$/;

/** The `// Prints:` block that closes a program; undefined where there is none. */
export function printedBlock(file: string): Printed | undefined {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  const start = lines.findLastIndex((line) => HEADING.test(line));
  if (start < 0) return undefined;
  const block = lines.slice(start + 1);
  const stray = block.find((line) => !/^\/\/(?: |$)/.test(line));
  if (stray !== undefined) throw new Error(`${file}: after "// Prints:" stands ${JSON.stringify(stray)}`);
  return {
    parameters: HEADING.exec(lines[start]!)?.groups?.['parameters']?.split(' ') ?? [],
    text: block.map((line) => line.slice(3)).join('\n'),
  };
}

/** What differs from one time to the next, and what stands for it. */
const VARYING: readonly (readonly [RegExp, string])[] = [
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?/g, '<time>'],
  [/\brun_[0-9a-f]{32}\b/g, 'run_<id>'],
  [/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, '<uuid>'],
  [/\b(?:[0-9a-f]{32}|[0-9a-f]{16})\b/g, '<hex>'],
  [/\b(127\.0\.0\.1|localhost):\d+\b/g, '$1:<port>'],
  [/\bpid \d+\b/g, 'pid <pid>'],
  [/\b\d+(?:\.\d+)? ?(?:ms|s)\b/g, '<duration>'],
];

/** The text with ids, times, durations, ports and process ids made equal, and no space at line ends. */
export function normalised(text: string): string {
  const equal = VARYING.reduce((result, [pattern, name]) => result.replace(pattern, name), text);
  return equal.replace(/[ \t]+$/gm, '').trimEnd();
}
