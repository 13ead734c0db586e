/** What is quick to bundle, of the package as built: `npm run test:bundles` has the others. */
import commonjs from '@rollup/plugin-commonjs';
import json from '@rollup/plugin-json';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import { build } from 'esbuild';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { rollup } from 'rollup';
import type { TestDatabase } from '../support/postgres';
import { createDatabase } from '../support/postgres';
import { ALL_STORES, EXTERNAL, ServiceProject } from './service-project';

/** Most bundles of services that are modules begin so: what is CommonJS inside may `require`. */
const REQUIRE_BANNER =
  "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);";

const LARGEST_CORE_BYTES = 200_000;

describe('a bundled service', () => {
  let project: ServiceProject;
  let database: TestDatabase;
  let environment: Record<string, string>;

  beforeAll(async () => {
    if (!existsSync(join(__dirname, '../../dist/index.js'))) {
      throw new Error('The package is not built: npm run build');
    }
    project = new ServiceProject();
    database = await createDatabase();
    environment = { BUNDLE_POSTGRES: database.url, BUNDLE_SQLITE: project.file('runs.db') };
  });

  afterAll(async () => {
    project.remove();
    await database.drop();
  });

  it.each([false, true])('works as CommonJS by esbuild, minified: %s', async (minify) => {
    const name = minify ? 'esbuild.min.cjs' : 'esbuild.cjs';
    await esbuild('main-cjs.mjs', name, { format: 'cjs', minify });
    expect(await project.run(name, environment)).toBe(ALL_STORES);
  });

  it.each([false, true])('works as a module by esbuild, minified: %s', async (minify) => {
    const name = minify ? 'esbuild.min.mjs' : 'esbuild.mjs';
    await esbuild('main.mjs', name, { format: 'esm', minify, banner: { js: REQUIRE_BANNER } });
    expect(await project.run(name, environment)).toBe(ALL_STORES);
  });

  it('works by rollup, with everything bundled but native code', async () => {
    const bundle = await rollup({
      input: project.file('main.mjs'),
      external: [...EXTERNAL],
      plugins: [nodeResolve({ preferBuiltins: true }), commonjs(), json()],
      onwarn: () => undefined,
    });
    await bundle.write({ file: project.file('rollup.mjs'), format: 'es', inlineDynamicImports: true });
    await bundle.close();
    expect(await project.run('rollup.mjs', environment)).toBe(ALL_STORES);
  });

  it('works on memory alone where no driver is there', async () => {
    await esbuild('main-cjs.mjs', 'alone.cjs', {
      format: 'cjs',
      minify: true,
      external: [...EXTERNAL, 'pg'],
    });
    expect(await project.run('alone.cjs', { BUNDLE_STORES: 'memory' })).toBe(ALL_STORES.split('\n')[0]);
  });

  it('is small: the core alone, minified', async () => {
    await build({
      stdin: { contents: "export { Run } from 'agent-run';", resolveDir: project.folder },
      outfile: project.file('core.cjs'),
      platform: 'node',
      bundle: true,
      minify: true,
      format: 'cjs',
    });
    expect(statSync(project.file('core.cjs')).size).toBeLessThanOrEqual(LARGEST_CORE_BYTES);
  });

  async function esbuild(
    entry: string,
    outfile: string,
    options: Parameters<typeof build>[0],
  ): Promise<void> {
    await build({
      entryPoints: [project.file(entry)],
      outfile: project.file(outfile),
      platform: 'node',
      bundle: true,
      external: [...EXTERNAL],
      logLevel: 'error',
      ...options,
    });
  }
});
