import { join } from 'node:path';
import { buildSync } from 'esbuild';

/** The page's own code, ready for a browser. */
export interface PageBundle {
  /** JavaScript, an ES module. */
  readonly script: string;
  /** Style sheet, uPlot's among it. */
  readonly style: string;
}

/**
 * Bundles the page from its source. This is what runs in a checkout: `npm run build` puts a file in the
 * place of this one that holds the result as text, so that the package needs neither esbuild nor a path.
 */
export function bundlePage(): PageBundle {
  const { outputFiles } = buildSync({
    absWorkingDir: join(__dirname, 'page'),
    entryPoints: { page: 'main.tsx', style: 'style/page.css' },
    outdir: 'out',
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: ['es2022', 'chrome107', 'firefox107', 'safari16'],
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'silent',
    define: { 'process.env.NODE_ENV': '"production"' },
  });
  const textOf = (name: string): string =>
    outputFiles.find(({ path }) => path.endsWith(name))?.text ?? unbuilt(name);
  return { script: textOf('page.js'), style: textOf('style.css') };
}

function unbuilt(name: string): never {
  throw new Error(`the bundle of the page has no ${name}`);
}
