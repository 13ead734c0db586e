import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

export const root = join(__dirname, '../..');

/** A TypeScript block of a page. */
export interface Block {
  /** The page, from the project's folder. */
  readonly page: string;
  /** The line of the page on which its code begins. */
  readonly line: number;
  readonly code: string;
  /**
   * `complete`: a program by itself, which is run; what it prints stands in the `text` block behind it,
   * if there is one. `preamble`: what the page's other blocks take for granted. `part`: any other.
   */
  readonly kind: 'complete' | 'preamble' | 'part';
  /** The text block right behind it; null for none. */
  readonly prints: string | null;
}

const BLOCK =
  /^```ts(?<kind> complete| preamble)?\n(?<code>.*?)^```\n(?:\s*```text\n(?<prints>.*?)^```\n)?/gms;

/** README.md and every page below docs/ but the generated ones. */
export function pages(): string[] {
  const inDocs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md') && !file.startsWith('api'))
    .sort();
  return ['README.md', ...inDocs.map((file) => join('docs', file))];
}

export function blocksOf(page: string): Block[] {
  const markdown = readFileSync(join(root, page), 'utf8');
  return [...markdown.matchAll(BLOCK)].map(({ index, groups }) => ({
    page: relative('.', page),
    line: markdown.slice(0, index).split('\n').length + 1,
    code: groups!['code']!,
    kind: (groups!['kind']?.trim() ?? 'part') as Block['kind'],
    prints: groups!['prints'] ?? null,
  }));
}
