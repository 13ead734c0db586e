import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { source as axeSource } from 'axe-core';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { chromium } from 'playwright-core';
import type { RunAttributes } from 'agent-run';
import { Run } from 'agent-run';
import { SqliteRunStore } from 'agent-run/store/sqlite';
import { UsageMeter } from 'agent-run/usage';
import { findBrowser } from './find-browser';
import { PageServer } from './page-server';
import type { Seeded } from './seed';
import { seedStore } from './seed';

const browserHere = findBrowser();
/** However much else the machine has to do, what comes at all has come by then. */
const SLOW = 60_000;
const HOSTILE = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>';

jest.setTimeout(2 * SLOW);

(browserHere === null ? describe.skip : describe)('the page in a browser', () => {
  const folder = mkdtempSync(join(tmpdir(), 'agent-run-page-'));
  const store = new SqliteRunStore({ path: join(folder, 'runs.db') });
  const server = new PageServer({ store });
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let seeded: Seeded;
  let problems: string[] = [];

  beforeAll(async () => {
    [browser, seeded] = await Promise.all([chromium.launch(browserHere ?? {}), seedStore(store, 70)]);
    await server.start();
  }, 60_000);

  afterAll(async () => {
    await browser.close();
    await server.stop();
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  beforeEach(async () => {
    problems = [];
    await open();
  });

  afterEach(async () => {
    await context.close();
    expect(problems).toEqual([]);
  });

  type ContextOptions = NonNullable<Parameters<Browser['newContext']>[0]>;

  /** A window of its own, which tells what a page must not do. */
  async function open(options: ContextOptions = {}): Promise<void> {
    context = await browser.newContext({
      locale: 'en-GB',
      timezoneId: 'Europe/Berlin',
      viewport: { width: 1280, height: 900 },
      reducedMotion: 'reduce',
      ...options,
    });
    context.setDefaultTimeout(SLOW);
    page = await context.newPage();
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) problems.push(message.text());
    });
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('request', (request) => {
      if (!request.url().startsWith(server.origin)) problems.push(`asked ${request.url()}`);
    });
  }

  async function reopen(options: ContextOptions): Promise<void> {
    await context.close();
    await open(options);
  }

  async function show(hash: string, origin = server.url): Promise<void> {
    await page.goto(`${origin}${hash}`);
    await page.locator('h1').waitFor();
  }

  function sees(text: string | RegExp): Promise<void> {
    return page.getByText(text).first().waitFor();
  }

  function button(name: string | RegExp): Locator {
    return page.getByRole('button', { name });
  }

  async function rowsOfRuns(): Promise<number> {
    return page.locator('table.runs tbody tr').count();
  }

  /** What axe finds; only what colours can make wrong on request. */
  async function violations(coloursOnly: boolean): Promise<string[]> {
    await page.evaluate(axeSource);
    const options = coloursOnly ? { runOnly: ['color-contrast'] } : {};
    const program = `axe.run(${JSON.stringify(options)}).then(({ violations }) =>
      violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' ')))`;
    return page.evaluate<string[]>(program);
  }

  async function overflow(): Promise<number> {
    return page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
  }

  /** A run that this process executes, once the store has it. */
  async function start(attributes: Partial<RunAttributes> = {}): Promise<Run> {
    const run = new Run({ sessionId: 'live-session', input: { prompt: 'Count to ten' }, ...attributes });
    const recorder = store.track(run);
    run.updateStatus('running');
    await recorder.flush();
    return run;
  }

  /** Settles once the page shows what is expected of it: its parts come one by one. */
  async function eventually<Value>(read: () => Promise<Value>, expected: Value): Promise<void> {
    const giveUpAt = Date.now() + SLOW;
    let value = await read();
    while (!isDeepStrictEqual(value, expected) && Date.now() < giveUpAt) {
      await page.waitForTimeout(50);
      value = await read();
    }
    expect(value).toEqual(expected);
  }

  function reads(locator: Locator, pattern: RegExp): Promise<void> {
    return eventually(async () => pattern.exec(await locator.innerText())?.length, 1);
  }

  /** Nothing of a record has become an element, and none of its programs has run. */
  async function isInert(): Promise<void> {
    expect(await page.evaluate("'hacked' in window")).toBe(false);
    expect(await page.locator('main img, main script').count()).toBe(0);
  }

  /** Presses a key until it has done what it does: what is drawn listens a little later. */
  async function pressUntil(key: string, isDone: () => Promise<boolean>): Promise<void> {
    await eventually(async () => {
      if (await isDone()) return true;
      await page.keyboard.press(key);
      return isDone();
    }, true);
  }

  const timelineLine = (name: string): Locator =>
    page.locator('.line > button', { has: page.locator('.line-label', { hasText: name }) });

  describe('overview', () => {
    it('says what is wrong in its first sentence', async () => {
      await show('#/');
      await page.locator('.verdict.is-bad').waitFor();
      await reads(
        page.locator('.verdict'),
        /^1 run is stuck, 1 run failed in the last hour .* and 1 run waits for a person\.$/,
      );
    });

    it('leads to what is stuck and to what waits', async () => {
      await show('#/');
      await page.getByRole('region', { name: 'Stuck' }).getByRole('link').click();
      await page.waitForURL(`**/#/runs/${seeded.stuck}`);
      await page.goBack();
      await page.getByRole('region', { name: 'Waits for a person' }).getByRole('link').click();
      await page.waitForURL(`**/#/runs/${seeded.waiting}`);
    });

    it('counts runs by status and leads to them', async () => {
      await show('#/');
      const tile = page.locator('.tiles a', { hasText: 'Failed' });
      const count = Number(await tile.locator('.tile-count').innerText());
      expect(count).toBeGreaterThan(0);
      await tile.click();
      await page.waitForURL('**/#/runs?status=failed&from=*');
      await page.getByRole('table', { name: 'Runs, newest first' }).waitFor();
      await eventually(rowsOfRuns, Math.min(50, count));
    });

    it('plots cost and tokens by day and model, and has both as tables', async () => {
      await show('#/');
      await page.locator('.plot canvas').nth(1).waitFor();
      await reads(page.locator('.plot').first().locator('.legend'), /gpt-5\s*\$/);
      await page.getByText('As a table').first().click();
      await page.locator('.plot').first().locator('tbody tr').nth(3).waitFor();
    });

    it('names failures by what they failed with', async () => {
      await show('#/');
      await page
        .getByRole('region', { name: 'What failed' })
        .getByRole('link', { name: 'rate_limited' })
        .click();
      await sees('The provider answered 429: too many requests');
    });

    it('keeps the range in its address', async () => {
      await show('#/');
      await page.getByRole('link', { name: '30 days' }).click();
      await page.waitForURL('**/#/?range=30d');
      await page.goBack();
      await page.locator('.choice a[aria-current]', { hasText: '7 days' }).waitFor();
    });
  });

  describe('runs', () => {
    it('has its filters in the address, for the back button and for a reload', async () => {
      await show('#/runs');
      await page.locator('table.runs').waitFor();
      await button('Failed').click();
      await button('Timed out').click();
      await page.waitForURL('**/#/runs?status=failed&status=timeout');
      await page.locator('div:not(.stale) > table.runs').waitFor();
      await page.reload();
      await page.locator('table.runs').waitFor();
      const statuses = async (): Promise<string[]> => [
        ...new Set(await page.locator('.cell-status').allInnerTexts()),
      ];
      await eventually(async () => (await statuses()).sort(), ['Failed', 'Timed out']);
      await page.goBack();
      await page.waitForURL('**/#/runs?status=failed');
      await eventually(() => button('Timed out').getAttribute('aria-pressed'), 'false');
    });

    it('filters by session, by metadata and by day', async () => {
      await show('#/runs');
      await page.getByLabel('Metadata').fill('tenant=globex');
      await page.getByLabel('Metadata').press('Enter');
      await page.waitForURL('**/#/runs?metadata.tenant=globex');
      await page.getByRole('textbox', { name: 'Session' }).fill('kiosk-7');
      await page.getByRole('textbox', { name: 'Session' }).press('Enter');
      await page.waitForURL('**/#/runs?session=kiosk-7&metadata.tenant=globex');
      const sessions = async (): Promise<string[]> => [
        ...new Set(await page.locator('.cell-session').allInnerTexts()),
      ];
      await eventually(sessions, ['kiosk-7']);
      await page.getByLabel('To', { exact: true }).fill('2001-01-01');
      await sees('No run matches these filters.');
      await button('Clear filters').click();
      await page.waitForURL('**/#/runs');
    });

    it('keeps a filter when the next is set before the address was read again', async () => {
      await show('#/runs');
      await page.getByLabel('Metadata').waitFor();
      await page.evaluate(`(async () => {
        const set = (label, value) => {
          const labels = [...document.querySelectorAll('.fields label')];
          const input = labels.find((found) => found.textContent === label).querySelector('input');
          input.value = value;
          input.dispatchEvent(new Event('change', { bubbles: true }));
        };
        set('Metadata', 'tenant=globex');
        // Long enough to draw, too short for the browser's event of a changed address.
        for (let turns = 0; turns < 20; turns++) await Promise.resolve();
        set('Session', 'kiosk-7');
      })()`);
      await page.waitForURL('**/#/runs?session=kiosk-7&metadata.tenant=globex');
    });

    it('goes to older runs and back', async () => {
      await show('#/runs');
      await page.locator('table.runs').waitFor();
      await eventually(rowsOfRuns, 50);
      const newest = await page.locator('.cover').first().innerText();
      await page.getByRole('link', { name: 'Older runs' }).click();
      await page.waitForURL('**/#/runs?cursor=*');
      await page.getByRole('link', { name: 'Newest' }).waitFor();
      await page.locator('.cover', { hasText: newest }).first().waitFor({ state: 'detached' });
      await page.goBack();
      await page.locator('.cover', { hasText: newest }).waitFor();
    });

    it('shows a run that starts and ends while it is looked at', async () => {
      await show('#/runs?session=live-list');
      await sees('No run matches these filters.');
      const run = await start({ sessionId: 'live-list' });
      await page.locator('.cell-status', { hasText: 'Running' }).waitFor();
      run.setOutput({ text: 'ten' });
      await page.locator('.cell-status', { hasText: 'Completed' }).waitFor();
    });
  });

  describe('run', () => {
    it('shows steps, turns and sub-agents on one axis', async () => {
      await show(`#/runs/${seeded.done}`);
      await eventually(
        () => page.locator('.line-label').allInnerTexts(),
        [
          'Run',
          'Turns',
          'Usage',
          'Notes',
          'gpt-5',
          'find_order',
          'fetch_policy',
          'gpt-5',
          'refund_payment',
          'gpt-5',
          'refund_payment',
          'mail-writer',
          'proof-reader',
          'gpt-5',
        ],
      );
      await eventually(() => page.locator('.line-turns .bar').allInnerTexts(), ['1', '2', '3', '4']);
    });

    it('shows what went into a step and what went wrong, at an address of its own', async () => {
      await show(`#/runs/${seeded.done}`);
      await timelineLine('refund_payment').first().click();
      await page.waitForURL(`**/#/runs/${seeded.done}?select=step-5`);
      const details = page.getByRole('complementary', { name: 'Details of refund_payment' });
      await reads(details, /Failed[\s\S]*The payment provider answered 503[\s\S]*amount: 84/);
      await page.reload();
      await details.waitFor();
      await pressUntil('Escape', async () => (await details.count()) === 0);
    });

    it('goes through its timeline by keyboard', async () => {
      await show(`#/runs/${seeded.done}`);
      await eventually(() => page.locator('.line').count(), 14);
      await timelineLine('Run').focus();
      for (const key of ['End', 'ArrowUp', 'Enter']) await page.keyboard.press(key);
      await page.getByRole('complementary', { name: 'Details of proof-reader' }).waitFor();
      await page.getByRole('link', { name: 'Open this sub-agent’s run' }).click();
      await page.getByText('Sub-agent of').waitFor();
      await page.locator('.tree [aria-current]', { hasText: 'proof-reader' }).waitFor();
    });

    it('shows usage by model, limits and the tree of sub-agents', async () => {
      await show(`#/runs/${seeded.done}`);
      const usage = page.getByRole('region', { name: 'Usage and cost' });
      await reads(usage, /gpt-5\s[\s\S]*4 of 20 \(20 %\)/);
      await page
        .getByRole('region', { name: 'Sub-agents' })
        .getByRole('link', { name: 'mail-writer' })
        .waitFor();
    });

    it('holds no connection once it and its sub-agents have ended', async () => {
      const open = new Set<unknown>();
      page.on('request', (request) => {
        if (request.url().includes('/api/events?')) open.add(request);
      });
      for (const over of ['requestfailed', 'requestfinished'] as const) {
        page.on(over as 'requestfailed', (request) => open.delete(request));
      }
      await show(`#/runs/${seeded.done}`);
      await timelineLine('proof-reader').waitFor();
      await eventually(() => Promise.resolve(open.size), 0);
    });

    it('has the journal, entry by entry', async () => {
      await show(`#/runs/${seeded.done}`);
      await page.getByRole('heading', { name: 'Journal' }).click();
      await page.getByLabel('Show').selectOption('noted');
      await button(/noted\s*progress/).click();
      await page.locator('.journal .json', { hasText: 'percent: 40' }).waitFor();
    });

    it('shows times here and UTC on hover', async () => {
      await show(`#/runs/${seeded.done}`);
      const title = await page.locator('.facts time').first().getAttribute('title');
      expect(title).toMatch(/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}\.\d{3} UTC$/);
    });

    it('takes nothing of a record for markup, and folds what is long', async () => {
      const run = await start({
        id: `run/../${HOSTILE}?#`,
        sessionId: HOSTILE,
        provider: HOSTILE,
        input: {
          [HOSTILE]: HOSTILE,
          long: 'x'.repeat(5_000),
          many: Array.from({ length: 500 }, (_, n) => n),
        },
        metadata: { agent: HOSTILE, [HOSTILE]: HOSTILE },
      });
      new UsageMeter(run, { provider: HOSTILE, model: HOSTILE }).record({
        input_tokens: 9,
        output_tokens: 1,
      });
      run
        .startStep(HOSTILE, { kind: HOSTILE, input: { __proto__: 1, constructor: HOSTILE } })
        .fail({ code: HOSTILE });
      run.note(HOSTILE, { [HOSTILE]: HOSTILE });
      run.createChild({ metadata: { agent: HOSTILE } }).cancel(HOSTILE);
      run.setError({ code: HOSTILE, message: HOSTILE, details: { [HOSTILE]: HOSTILE } });
      await show(`#/runs/${encodeURIComponent(run.id)}?select=step-1`);
      await page.getByRole('complementary').waitFor();
      await button('Show all 5,000 characters').click();
      await button(/many/).click();
      await button('Show more of 400 others').click();
      await page.getByRole('heading', { name: 'Journal' }).click();
      await button(/noted/).click();
      await isInert();
      await show(`#/sessions/${encodeURIComponent(HOSTILE)}`);
      await page.locator('table.runs').waitFor();
      await isInert();
      await show('#/');
      await page.locator('.legend-name:visible', { hasText: HOSTILE }).first().waitFor();
      await isInert();
    });

    it('draws of thousands of steps only those in sight, and reaches the last by key', async () => {
      const run = await start();
      for (let index = 1; index <= 3_000; index += 1) run.startStep(`step ${index}`).end();
      run.setOutput({});
      await show(`#/runs/${run.id}`);
      await timelineLine('step 1').first().waitFor();
      expect(await page.locator('.line').count()).toBeLessThan(200);
      await timelineLine('Run').focus();
      const last = page.locator('.line > button:focus', { hasText: 'step 3000' });
      await pressUntil('End', async () => (await last.count()) === 1);
    });

    it('says of a run that nobody holds that it may be dead', async () => {
      await show(`#/runs/${seeded.stuck}`);
      await sees('No process holds this run');
      await sees(/was last heard of 4\d min ago/);
    });

    it('says that there is no such run', async () => {
      await show('#/runs/run_none');
      await sees(/There is no run of this id/);
      problems = problems.filter((problem) => !problem.includes('404'));
    });
  });

  describe('a live run', () => {
    it('grows while it is looked at, and a reload in the middle loses nothing', async () => {
      const run = await start();
      await show(`#/runs/${run.id}`);
      run.incrementTurn();
      const step = run.startStep('count');
      const bar = timelineLine('count').locator('.bar.is-open');
      await bar.waitFor();
      const before = (await bar.boundingBox())!.width;
      while ((await bar.boundingBox())!.width <= before) await page.waitForTimeout(50);
      await page.reload();
      await bar.waitFor();
      step.end();
      await timelineLine('count').locator('.bar:not(.is-open)').waitFor();
      run.setOutput({ counted: 10 });
      await page.locator('h1', { hasText: 'Completed' }).waitFor();
      await page.locator('.json', { hasText: 'counted: 10' }).waitFor();
      expect(await page.locator('.line-step').count()).toBe(1);
    });

    it('goes on after the server was away, with what happened meanwhile', async () => {
      const run = await start();
      await show(`#/runs/${run.id}`);
      run.startStep('before').end();
      await timelineLine('before').waitFor();
      await server.stop();
      try {
        await sees('The server cannot be reached.');
        run.startStep('meanwhile').end();
      } finally {
        await server.start();
      }
      await timelineLine('meanwhile').waitFor();
      await page.getByText('The server cannot be reached.').first().waitFor({ state: 'detached' });
      run.startStep('after').end();
      await timelineLine('after').waitFor();
      expect(await page.locator('.line-step').count()).toBe(3);
      run.setOutput({});
      await page.locator('h1', { hasText: 'Completed' }).waitFor();
      // The browser itself reports what it could not load.
      problems = problems.filter((problem) => !/ERR_|Failed to load resource/.test(problem));
    });

    it('is cancelled by who says so twice', async () => {
      const run = await start();
      await show(`#/runs/${run.id}`);
      await button('Cancel run…').click();
      await button('Keep it running').click();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      expect((await store.get(run.id))?.status).toBe('running');
      await button('Cancel run…').click();
      await page.getByLabel('Reason (optional)').fill('wrong customer');
      await button('Cancel the run').click();
      await page.locator('h1', { hasText: 'Cancelled' }).waitFor();
      await sees('wrong customer');
      expect((await store.get(run.id))?.error).toMatchObject({ message: 'wrong customer' });
    });

    it('shows a sub-agent as it is made and as it ends', async () => {
      const run = await start();
      await show(`#/runs/${run.id}`);
      const child = run.createChild({ metadata: { agent: 'helper' } });
      child.updateStatus('running');
      await timelineLine('helper').waitFor();
      child.setOutput({ done: true });
      await timelineLine('helper').locator('.bar.tone-completed').waitFor();
      run.setOutput({});
    });
  });

  describe('what happens between reading and following', () => {
    /** Holds the event streams whose address has the text, until it is told to let them through. */
    async function holdStreams(part: string): Promise<() => void> {
      let letThrough = (): void => undefined;
      const released = new Promise<void>((resolve) => {
        letThrough = resolve;
      });
      await page.route(
        (url) => url.pathname.endsWith('/events') && url.href.includes(part),
        async (route) => {
          await released;
          await route.continue();
        },
      );
      return letThrough;
    }

    it('shows a sub-agent that was made after the tree was read and before its stream stood', async () => {
      const run = await start();
      const letThrough = await holdStreams('session_id=');
      const treeRead = page.waitForResponse((response) => response.url().includes('root_run_id='));
      await show(`#/runs/${run.id}`);
      await treeRead;
      run.createChild({ metadata: { agent: 'helper' } }).updateStatus('running');
      await store.track(run).flush();
      letThrough();
      await timelineLine('helper').waitFor();
      run.setOutput({});
    });

    it('shows how a run stands that moved after its record was read', async () => {
      const run = new Run({ sessionId: 'live-session' });
      const recorder = store.track(run);
      await recorder.flush();
      const letThrough = await holdStreams(run.id);
      await show(`#/runs/${run.id}`);
      await page.locator('h1', { hasText: 'Pending' }).waitFor();
      run.updateStatus('running');
      await recorder.flush();
      letThrough();
      await page.locator('h1', { hasText: 'Running' }).waitFor();
      run.setOutput({});
    });

    it('shows a run that began after the list was read', async () => {
      const letThrough = await holdStreams('/api/events');
      await show('#/runs?session=between');
      await sees('No run matches these filters.');
      const run = await start({ sessionId: 'between' });
      await store.track(run).flush();
      letThrough();
      await page.locator('.cell-status', { hasText: 'Running' }).waitFor();
      run.setOutput({});
    });

    it('catches up when it is looked at for the first time', async () => {
      const hide = (isHidden: boolean): string =>
        `Object.defineProperty(document, 'hidden', { configurable: true, get: () => ${isHidden} });
         document.dispatchEvent(new Event('visibilitychange'));`;
      await page.addInitScript(hide(true));
      await show('#/runs?session=behind');
      await sees('No run matches these filters.');
      const run = await start({ sessionId: 'behind' });
      await store.track(run).flush();
      await page.evaluate(hide(false));
      await page.locator('.cell-status', { hasText: 'Running' }).waitFor();
      run.setOutput({});
    });

    it('asks again by itself after an error of the server', async () => {
      let failures = 0;
      await page.route('**/api/runs?*', (route) => {
        failures += 1;
        return failures > 1
          ? route.continue()
          : route.fulfill({ status: 503, json: { error: { code: 'storage_error', message: 'away' } } });
      });
      await show('#/runs');
      await sees('The server failed.');
      await page.locator('table.runs').waitFor();
      problems = problems.filter((problem) => !problem.includes('503'));
    });
  });

  describe('a run that waits', () => {
    async function park(): Promise<Run> {
      const run = new Run({ sessionId: 'waiting-session' });
      const recorder = store.track(run);
      await run.execute(() => run.park({ reason: 'approval', data: { tool: 'send_mail' } }));
      await recorder.flush();
      return run;
    }

    it('is approved with one click', async () => {
      const run = await park();
      await show(`#/runs/${run.id}`);
      await page.locator('.note .json', { hasText: 'tool: send_mail' }).waitFor();
      await button('Approve').click();
      await sees('Answered: a worker has to resume it');
      expect((await store.get(run.id))?.awaiting).toMatchObject({ answer: { approved: true } });
    });

    it('takes any JSON for an answer, and says when it is none', async () => {
      const run = await park();
      await show(`#/runs/${run.id}`);
      const field = page.getByLabel('Or another answer');
      await field.fill('{"approved": tr');
      await sees('This is not yet valid JSON.');
      expect(await button('Send the answer').isDisabled()).toBe(true);
      await field.fill('[1, "two"]');
      await button('Send the answer').click();
      await sees('Answered: a worker has to resume it');
      expect((await store.get(run.id))?.awaiting).toMatchObject({ answer: [1, 'two'] });
    });
  });

  describe('session', () => {
    it('has its runs in their order and what they cost', async () => {
      const sessionId = 'session of three';
      for (const cost of [0.25, 0.5, 1]) {
        const run = new Run({ sessionId, input: { prompt: `costs ${cost}` } });
        run.updateStatus('running').addCost(cost).setOutput({});
        await store.save(run);
      }
      await show(`#/sessions/${encodeURIComponent(sessionId)}`);
      await page.locator('table.runs').waitFor();
      expect(await page.locator('.preview').allInnerTexts()).toEqual(['costs 0.25', 'costs 0.5', 'costs 1']);
      await sees('$1.75');
    });

    it('is found by its id', async () => {
      await show('#/');
      await pressUntil('/', () => page.evaluate("document.activeElement.type === 'search'"));
      await page.keyboard.type('kiosk-7');
      await page.keyboard.press('Enter');
      await page.waitForURL('**/#/sessions/kiosk-7');
      await page.locator('table.runs').waitFor();
    });
  });

  describe('everywhere', () => {
    const views = (): [string, string][] => [
      ['#/', '.plot canvas'],
      ['#/runs', 'table.runs'],
      [`#/runs/${seeded.done}?select=step-5`, '.inspector'],
      [`#/runs/${seeded.waiting}`, '.answer'],
      [`#/runs/${seeded.live}`, '.timeline .bar'],
      ['#/sessions/kiosk-7', 'table.runs'],
      ['#/nowhere', '.empty'],
    ];

    it.each(['light', 'dark'] as const)('axe finds nothing to mend when it is %s', async (colorScheme) => {
      await reopen({ colorScheme });
      for (const [hash, ready] of views()) {
        await show(hash);
        await page.locator(ready).first().waitFor();
        expect([hash, ...(await violations(colorScheme === 'dark'))]).toEqual([hash]);
      }
    });

    it('is dark where the system is', async () => {
      const ground = (): Promise<string> => page.evaluate('getComputedStyle(document.body).backgroundColor');
      await show('#/');
      const light = await ground();
      await page.emulateMedia({ colorScheme: 'dark' });
      expect([light, await ground()]).toEqual(['rgb(246, 247, 249)', 'rgb(15, 18, 22)']);
    });

    it.each([360, 768, 3840])('fits a window of %d pixels', async (width) => {
      await reopen({ viewport: { width, height: 800 } });
      for (const [hash, ready] of views()) {
        await show(hash);
        await page.locator(ready).first().waitFor();
        expect([hash, await overflow()]).toEqual([hash, 0]);
      }
    });

    it('can be reached by keyboard alone, past the navigation', async () => {
      await show('#/runs');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      expect(await page.evaluate('document.activeElement.id')).toBe('main');
    });
  });

  describe('other servers', () => {
    it('has an empty store say what will come', async () => {
      const empty = new SqliteRunStore({ path: join(folder, 'empty.db') });
      await withServer(new PageServer({ store: empty }), async (url) => {
        await show('#/', url);
        await sees('No runs in this time.');
        await show('#/runs', url);
        await sees('No runs yet.');
      });
      await empty.close();
    });

    it('offers no actions where there are none', async () => {
      await withServer(new PageServer({ store, actions: false }), async (url) => {
        await show(`#/runs/${seeded.waiting}`, url);
        await page.locator('.note').waitFor();
        expect(await button(/Cancel|Approve|Send/).count()).toBe(0);
      });
    });

    it('says what may not be seen', async () => {
      const authorize = (request: Request): boolean => !request.url.includes('/api/');
      await withServer(new PageServer({ store, authorize }), async (url) => {
        await show('#/', url);
        await sees('You may not see this.');
        await eventually(() => button('Try again').count(), 1);
        await show('#/runs', url);
        await sees('You may not see this.');
      });
      problems = problems.filter((problem) => !problem.includes('403'));
    });

    async function withServer(other: PageServer, look: (url: string) => Promise<void>): Promise<void> {
      await other.start();
      try {
        await look(other.url);
        problems = problems.filter((problem) => !problem.startsWith(`asked ${other.origin}`));
        await page.goto('about:blank');
      } finally {
        await other.stop();
      }
    }
  });
});
