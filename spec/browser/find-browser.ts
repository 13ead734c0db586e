import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { LaunchOptions } from 'playwright-core';

const INSTALLED: Readonly<Record<string, readonly string[]>> = {
  darwin: ['/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'],
  win32: [
    'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
    'C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe',
  ],
  linux: ['/opt/google/chrome/chrome', '/usr/bin/chromium', '/usr/bin/chromium-browser'],
};

/** How to launch a browser here: the one inside a package on Linux, else an installed Chrome; null for none. */
export function findBrowser(): LaunchOptions | null {
  const executablePath = packagedBrowser() ?? INSTALLED[process.platform]?.find((path) => existsSync(path));
  return executablePath === undefined ? null : { executablePath, args: ['--no-sandbox', '--disable-gpu'] };
}

/** The package is an ES module, which a CommonJS test cannot load: another process unpacks its browser. */
function packagedBrowser(): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  const program = `import chromium from '@sparticuz/chromium'; console.log(await chromium.executablePath());`;
  try {
    const path = execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
      cwd: __dirname,
      encoding: 'utf8',
    });
    return path.trim();
  } catch {
    return undefined;
  }
}
