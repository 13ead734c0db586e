import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { bundlePage } from './page-bundle';

/** A file of the page. Its name has a hash of its content, so that a browser may keep it for ever. */
export interface PageFile {
  /** Where it stands below `basePath`, without a slash in front: `assets/page-1f0c….js`. */
  readonly path: string;
  /** The value of `Content-Type`. */
  readonly contentType: string;
  /** The content. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The content for who accepts `Content-Encoding: gzip`. */
  readonly gzipped: Uint8Array<ArrayBuffer>;
}

/** The settings that the server writes into the page. */
export interface PageSettings {
  /** Where the handler is mounted: `''` or a path that starts with a slash and ends without one. */
  readonly basePath: string;
  /** Whether runs can be cancelled and answered. */
  readonly actions: boolean;
}

/** The Content-Security-Policy under which the page works: its own origin, and nothing inline. */
export const PAGE_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const ICON = [
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">',
  '<rect width="32" height="32" rx="8" fill="#2f5fd0"/>',
  '<g fill="#fff"><rect x="6" y="8" width="12" height="4" rx="2"/>',
  '<rect x="11" y="14" width="15" height="4" rx="2"/><rect x="8" y="20" width="9" height="4" rx="2"/></g></svg>',
].join('');

interface BuiltPage {
  readonly script: PageFile;
  readonly style: PageFile;
  readonly icon: PageFile;
}

let built: BuiltPage | undefined;

/** The file at a path below `basePath`, or undefined where it is none of the page's. */
export function pageFileAt(path: string): PageFile | undefined {
  const { script, style, icon } = builtPage();
  return [script, style, icon].find((file) => file.path === path);
}

/** The document that loads the page, whatever view its address names. */
export function pageDocument({ basePath, actions }: PageSettings): string {
  const { script, style, icon } = builtPage();
  const base = escapeAttribute(basePath);
  return [
    '<!doctype html>',
    `<html lang="en" data-base="${base}" data-actions="${actions}">`,
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    '<meta name="referrer" content="no-referrer">',
    '<meta name="robots" content="noindex">',
    '<title>Runs</title>',
    `<link rel="icon" href="${base}/${icon.path}">`,
    `<link rel="stylesheet" href="${base}/${style.path}">`,
    `<script type="module" src="${base}/${script.path}"></script>`,
    '</head>',
    '<body><div id="page"></div><noscript>This page needs JavaScript.</noscript></body>',
    '</html>',
    '',
  ].join('\n');
}

function builtPage(): BuiltPage {
  built ??= buildPage();
  return built;
}

function buildPage(): BuiltPage {
  const { script, style } = bundlePage();
  return {
    script: fileOf('page', 'js', 'text/javascript; charset=utf-8', script),
    style: fileOf('page', 'css', 'text/css; charset=utf-8', style),
    icon: fileOf('icon', 'svg', 'image/svg+xml', ICON),
  };
}

function fileOf(name: string, extension: string, contentType: string, text: string): PageFile {
  const bytes = new TextEncoder().encode(text);
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
  const gzipped = new Uint8Array(gzipSync(bytes, { level: 9 }));
  return { path: `assets/${name}-${hash}.${extension}`, contentType, bytes, gzipped };
}

function escapeAttribute(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
