/** Part of `npm run build`: replaces the code that bundles the page with the bundle, as text. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundlePage } from './page-bundle';

const compiled = join(__dirname, '../../dist/http/page-bundle.js');
if (!readFileSync(compiled, 'utf8').includes('bundlePage')) {
  throw new Error(`${compiled} is not what tsc makes`);
}
const lines = [
  '"use strict";',
  'Object.defineProperty(exports, "__esModule", { value: true });',
  'exports.bundlePage = bundlePage;',
  `const bundle = ${JSON.stringify(bundlePage())};`,
  'function bundlePage() { return bundle; }',
  '',
];
writeFileSync(compiled, lines.join('\n'));
rmSync(`${compiled}.map`, { force: true });
