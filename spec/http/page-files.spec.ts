import { gunzipSync } from 'node:zlib';
import { PAGE_SECURITY_POLICY, pageDocument, pageFileAt } from '../../lib/http/page-files';

const SETTINGS = { basePath: '/agent-runs', actions: true };

function pathsOf(document: string, basePath: string): string[] {
  const addresses = [...document.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address!);
  return addresses.map((address) => {
    expect(address.startsWith(`${basePath}/`)).toBe(true);
    return address.slice(basePath.length + 1);
  });
}

describe('pageDocument()', () => {
  it('names files that there are, below the base path', () => {
    for (const basePath of ['', '/agent-runs', '/a/b']) {
      const paths = pathsOf(pageDocument({ basePath, actions: true }), basePath);
      expect(paths).toHaveLength(3);
      for (const path of paths) expect(pageFileAt(path)?.path).toBe(path);
    }
  });

  it('has no inline script and no style', () => {
    const document = pageDocument(SETTINGS);
    expect(document).not.toMatch(/<style|style=|javascript:| on[a-z]+=/);
    expect([...document.matchAll(/<script[^>]*>([^<]*)<\/script>/g)].map(([, text]) => text)).toEqual(['']);
  });

  it('writes a base path as text', () => {
    const document = pageDocument({ basePath: '/"><script>alert(1)</script>', actions: true });
    expect(document).not.toContain('<script>alert');
  });

  it('says whether runs may be acted upon', () => {
    expect(pageDocument(SETTINGS)).toContain('data-actions="true"');
    expect(pageDocument({ ...SETTINGS, actions: false })).toContain('data-actions="false"');
  });
});

describe('pageFileAt()', () => {
  it('knows nothing but the files of the page', () => {
    for (const path of ['', 'assets/', 'assets/page.js', '../package.json', '__proto__', 'constructor']) {
      expect(pageFileAt(path)).toBeUndefined();
    }
  });

  it('gives the same content compressed', () => {
    for (const path of pathsOf(pageDocument(SETTINGS), '/agent-runs')) {
      const file = pageFileAt(path)!;
      expect(gunzipSync(file.gzipped).equals(file.bytes)).toBe(true);
    }
  });

  it('sends at most 60 KB compressed, its libraries included', () => {
    const files = pathsOf(pageDocument(SETTINGS), '/agent-runs').map((path) => pageFileAt(path)!);
    const size = files.reduce((sum, { gzipped }) => sum + gzipped.length, 0);
    expect(size).toBeGreaterThan(1_000);
    expect(size).toBeLessThanOrEqual(60 * 1024);
  });
});

describe('PAGE_SECURITY_POLICY', () => {
  it('allows the own origin and nothing inline', () => {
    expect(PAGE_SECURITY_POLICY).toContain("default-src 'none'");
    expect(PAGE_SECURITY_POLICY).not.toMatch(/unsafe|\*|https?:|data:/);
  });
});
