/** `npm run screenshots`: the pictures of docs/images, from a seeded store, so that they can be made again. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { chromium } from 'playwright-core';
import { SqliteRunStore } from 'agent-run/store/sqlite';
import { findBrowser } from './find-browser';
import { PageServer } from './page-server';
import type { Seeded } from './seed';
import { seedStore } from './seed';

interface Picture {
  readonly name: string;
  readonly hash: (seeded: Seeded) => string;
  /** What is there when the view is whole. */
  readonly ready: string;
  readonly height: number;
  readonly width?: number;
  readonly dark?: true;
}

const PICTURES: readonly Picture[] = [
  { name: 'overview', hash: () => '#/', ready: '.plot canvas', height: 980 },
  { name: 'runs', hash: () => '#/runs', ready: 'table.runs', height: 760 },
  { name: 'run', hash: ({ done }) => `#/runs/${done}?select=step-5`, ready: '.inspector', height: 1000 },
  { name: 'run-dark', hash: ({ live }) => `#/runs/${live}`, ready: '.tree', height: 780, dark: true },
  { name: 'run-waits', hash: ({ waiting }) => `#/runs/${waiting}`, ready: '.answer', height: 720 },
  { name: 'phone', hash: () => '#/', ready: '.tiles', height: 780, width: 390 },
];

async function main(): Promise<void> {
  const launch = findBrowser();
  if (launch === null) {
    throw new Error('There is no browser here: npm install brings one on Linux, else install Chrome');
  }
  const folder = mkdtempSync(join(tmpdir(), 'agent-run-pictures-'));
  const store = new SqliteRunStore({ path: join(folder, 'runs.db') });
  const server = new PageServer({ store });
  const browser = await chromium.launch(launch);
  try {
    const seeded = await seedStore(store, 220);
    await server.start();
    mkdirSync(join(__dirname, '../../docs/images'), { recursive: true });
    for (const picture of PICTURES) await take(browser, `${server.url}${picture.hash(seeded)}`, picture);
  } finally {
    await browser.close();
    await server.stop();
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function take(browser: Browser, url: string, picture: Picture): Promise<void> {
  const { name, ready, height, width = 1280, dark } = picture;
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
    locale: 'en-GB',
    timezoneId: 'UTC',
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  await page.goto(url);
  await page.locator(ready).first().waitFor();
  // Whatever comes with the second answer: sub-agents, an output.
  await page.waitForTimeout(1_000);
  await page.screenshot({ path: join(__dirname, '../../docs/images', `page-${name}.png`) });
  await context.close();
}

void main();
