/** Every link of README.md and docs/ that stays in the project leads somewhere. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pages, root } from './pages';

const LINK = /!?\[[^\]]*\]\((?<target>[^)\s]+)\)/g;

function anchorsOf(page: string): Set<string> {
  const headings = readFileSync(page, 'utf8').matchAll(/^#+ (?<title>.+)$/gm);
  return new Set([...headings].map(({ groups }) => anchorOf(groups!['title']!)));
}

/** As GitHub makes them. */
function anchorOf(title: string): string {
  const text = title.toLowerCase().replace(/\[([^\]]*)\]\([^)]*\)/g, '$1');
  return text.replace(/[^\p{L}\p{N}\- _]/gu, '').replaceAll(' ', '-');
}

function brokenLinksOf(page: string): string[] {
  const text = readFileSync(join(root, page), 'utf8').replace(/^```.*?^```/gms, '');
  const targets = [...text.matchAll(LINK)].map(({ groups }) => groups!['target']!);
  return targets.filter((target) => {
    if (/^[a-z]+:/.test(target)) return false;
    const [path = '', anchor] = target.split('#');
    const file = path === '' ? join(root, page) : join(root, dirname(page), path);
    if (!existsSync(file)) return true;
    return anchor !== undefined && file.endsWith('.md') && !anchorsOf(file).has(anchor);
  });
}

describe('README.md and docs/', () => {
  it.each(pages())('%s has no broken link', (page) => {
    expect(brokenLinksOf(page)).toEqual([]);
  });
});
