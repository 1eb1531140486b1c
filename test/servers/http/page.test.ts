import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { memVfs } from '../../../src/backends/mem/index.js';
import { Lockfile, VfsError, VfsFile } from '../../../src/index.js';
import { startJournal } from '../../../src/journal/index.js';
import { TestService, TOKENS, WRITER } from '../../support/serve/service.js';
import { launch, missingBrowser } from './chromium.js';
import { FAINT_TEXTS } from './contrast.js';
import { listening, type Listening } from '../../support/serve/listening.js';

const lacking = missingBrowser();
/** Only what hangs is to fail by this. */
const SLOW_MS = 120_000;
const USER = { username: 'me', password: WRITER };
const HOSTILE = '<img src=x onerror="document.title=1">.csv';
const HOSTILE_OWNER = '"><script>document.title=2</script>';

describe.skipIf(lacking !== undefined)(`the page in Chromium${lacking ? `: ${lacking}` : ''}`, () => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let web: Listening;
  let service: TestService;
  let isBroken = false;
  let offsetMs = 0;
  const problems: string[] = [];

  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser.close());

  beforeEach(async () => {
    offsetMs = 0;
    isBroken = false;
    problems.length = 0;
    const vfs = memVfs({ now: () => Date.now() + offsetMs });
    const list = vfs.list.bind(vfs);
    vfs.list = (...args) => {
      if (isBroken) throw new VfsError('ERR_VFS_IO', 'the store is broken');
      return list(...args);
    };
    service = new TestService({ tokens: TOKENS }, vfs);
    web = await listening(service.service);
  });
  afterEach(async () => {
    await context.close();
    await web.stop();
    expect(problems).toEqual([]);
  });

  async function open(options: Parameters<Browser['newContext']>[0] = {}): Promise<void> {
    context = await browser.newContext({ httpCredentials: USER, viewport: { width: 1440, height: 900 }, ...options });
    context.setDefaultTimeout(SLOW_MS);
    page = await context.newPage();
    // A mistake in the script, and whatever the policy of the page refuses.
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => {
      if (message.text().includes('Content Security Policy')) problems.push(message.text());
    });
    page.on('dialog', (dialog) => problems.push(dialog.message()));
    await page.goto(web.url);
  }

  async function acquire(name: string, body: object = {}): Promise<void> {
    const headers = { authorization: `Bearer ${WRITER}` };
    const path = name.split('/').map(encodeURIComponent).join('/');
    const { status } = await service.json(`POST /v1/locks/${path}/acquire`, { client: 'c', ...body }, { headers });
    expect(status).toBe(200);
  }

  const status = (): ReturnType<Page['getByRole']> => page.getByRole('status');
  const row = (text: string): ReturnType<Page['getByRole']> => page.getByRole('row').filter({ hasText: text });
  const seconds = async (): Promise<number> => parseInt(await row('data.csv').locator('.left').innerText(), 10);

  test('a holder appears, its lease counts down, it is taken over, and released', async () => {
    await open();
    await status().getByText('0 locks, live').waitFor();
    await page.getByText('Nothing is locked.').waitFor();
    await acquire('data.csv', { owner: 'first', ttlMs: 50_000 });
    await row('data.csv').getByText('held', { exact: true }).waitFor();
    const before = await seconds();
    expect(before).toBeLessThanOrEqual(50);
    await expect.poll(seconds, { timeout: SLOW_MS }).toBeLessThan(before);
    const bar = row('data.csv').getByRole('progressbar', { name: 'rest of the lease' });
    expect(await bar.evaluate((each) => (each as unknown as { value: number }).value)).toBeLessThan(50_000);
    offsetMs = 60_000;
    await row('data.csv').getByText('stale').waitFor();
    await row('data.csv').getByText('over').waitFor();
    await acquire('data.csv', { client: 'd', owner: 'thief' });
    await row('data.csv').getByText('thief').waitFor();
    await row('data.csv').getByText('held', { exact: true }).waitFor();
    expect(await row('data.csv').innerText()).not.toContain('first');
    await row('data.csv').getByRole('button', { name: 'Details of data.csv' }).click();
    await page.getByRole('button', { name: 'End this lock' }).click();
    await page.getByRole('alert').getByText('Say why').waitFor();
    await page.getByLabel('Reason').fill('seen hanging');
    await page.getByRole('button', { name: 'End this lock' }).click();
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await status().getByText('0 locks, live').waitFor();
    const { vfs } = service;
    expect(await new Lockfile(new VfsFile(vfs, 'data.csv')).tryAcquire()).toBe(true);
    await row('data.csv').getByText('held', { exact: true }).waitFor();
  });

  test('everything is reached by the keyboard, and the focus comes back to the row', async () => {
    await acquire('a.csv');
    await acquire('b.csv');
    await open();
    await status().getByText('2 locks, live').waitFor();
    const focused = (): Promise<string | null | undefined> =>
      page.evaluate('document.activeElement.ariaLabel ?? document.activeElement.textContent');
    const reached: unknown[] = [];
    for (let presses = 0; presses < 40 && !String(await focused()).startsWith('Details of b'); presses += 1) {
      await page.keyboard.press('Tab');
      reached.push(await focused());
    }
    expect(reached).toContain('File');
    expect(reached).toContain('Sweep…');
    expect(reached.at(-1)).toBe('Details of b.csv');
    // A change of the table leaves the focus where it was.
    await acquire('c.csv');
    await row('c.csv').waitFor();
    expect(await focused()).toBe('Details of b.csv');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'b.csv' }).waitFor();
    await page.keyboard.type('no longer needed');
    await acquire('d.csv');
    await page.locator('tr[data-name="d.csv"]').waitFor();
    expect(await page.getByLabel('Reason').inputValue()).toBe('no longer needed');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await expect.poll(focused, { timeout: SLOW_MS }).toBe('Details of b.csv');
  });

  test('it is searched, filtered and sorted; what may need a person comes first', async () => {
    const names = (): Promise<string[]> => page.locator('tbody td[data-label="file"]').allInnerTexts();
    await acquire('stale.csv', { ttlMs: 1000, owner: 'gone' });
    offsetMs = 10_000;
    await acquire('older.csv', { owner: 'zoe' });
    offsetMs = 20_000;
    await acquire('a.csv', { owner: 'adam' });
    await open();
    await status().getByText('3 locks, live').waitFor();
    expect(await names()).toEqual(['stale.csv', 'older.csv', 'a.csv']);
    await page.getByRole('button', { name: 'Owner' }).click();
    expect(await names()).toEqual(['a.csv', 'stale.csv', 'older.csv']);
    await page.getByRole('button', { name: 'Owner' }).click();
    expect(await names()).toEqual(['older.csv', 'stale.csv', 'a.csv']);
    expect(await page.getByRole('columnheader', { name: 'Owner' }).getAttribute('aria-sort')).toBe('descending');
    await page.getByLabel('Search').fill('zoe');
    expect(await names()).toEqual(['older.csv']);
    await page.getByLabel('Search').fill('');
    await page.getByLabel('Show').selectOption('stale');
    expect(await names()).toEqual(['stale.csv']);
    await page.getByLabel('Search').fill('nobody');
    await page.getByText('No lock is like that.').waitFor();
  });

  test('a sweep is previewed and run', async () => {
    await acquire('stale.csv', { ttlMs: 1000 });
    offsetMs = 100_000;
    await open();
    await row('stale.csv').getByText('stale', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Sweep…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Sweep' });
    await dialog.getByText('stale.csv').waitFor();
    await dialog.getByRole('button', { name: 'Remove 1' }).click();
    await dialog.getByText('Removed: 1').waitFor();
    await status().getByText('0 locks, live').waitFor();
  });

  test('while the store fails, and while the service is down, it shows what was last seen and since when', async () => {
    await acquire('data.csv', { owner: 'worker' });
    await open();
    await status().getByText('1 lock, live').waitFor();
    isBroken = true;
    await status()
      .getByText(/^The store cannot be read\. Last seen \d+ s ago: 1 lock$/)
      .waitFor();
    expect(await row('data.csv').innerText()).toContain('worker');
    isBroken = false;
    await status().getByText('1 lock, live').waitFor();
    await web.stop();
    await status().getByText('The service cannot be reached. Last seen').waitFor();
    expect(await row('data.csv').innerText()).toContain('worker');
    await web.restart();
    await status().getByText('1 lock, live').waitFor();
  });

  test('every text of a lock file is text, in the table and in the details', async () => {
    const note = { job: 'javascript:document.title=3', more: '</dd><script>document.title=4</script>' };
    await acquire(HOSTILE, { owner: HOSTILE_OWNER, host: 'a\u202Eb', note });
    await open();
    await row(HOSTILE).getByText(HOSTILE_OWNER).waitFor();
    expect(await row(HOSTILE).innerText()).toContain('a\\u{202e}b');
    await row(HOSTILE).getByRole('button').click();
    await page.getByRole('dialog').getByText(note.more).waitFor();
    expect(await page.locator('img, td a, dialog a').count()).toBe(0);
    expect(await page.title()).toBe('Locks');
  });

  test('the details show the history that the journal has', async () => {
    const journal = await startJournal({ vfs: service.vfs, path: '' });
    const lock = new Lockfile(new VfsFile(service.vfs, 'data.csv'), { ownerId: 'nightly' });
    await lock.acquire();
    await lock.release();
    await lock.acquire();
    await journal.close();
    await open();
    await row('data.csv').getByRole('button').click();
    const list = page.getByRole('dialog').getByRole('listitem');
    await list.first().waitFor();
    expect((await list.allInnerTexts()).filter((text) => text.includes('acquire'))).toHaveLength(2);
    expect((await list.allInnerTexts()).join()).toContain('acquired by nightly');
    await page.getByRole('img', { name: /^held 2 times in / }).waitFor();
    expect(await page.locator('.timeline span').count()).toBe(2);
    await lock.release();
    // The details are live too.
    await page.getByRole('dialog').getByText('gone by now').waitFor();
  });

  test('how far the work has come, since when it has not come further, its command and its token', async () => {
    const note = { command: ['npm', 'run', '<b>'] };
    const file = new VfsFile(service.vfs, 'data.csv');
    const lock = new Lockfile(file, { ttl: '10m', fencing: true, ownerId: 'nightly', note });
    await lock.acquire();
    lock.progress({ done: 12, total: 40, text: 'importing <i>b.csv' });
    await lock.renew();
    await open();
    await row('data.csv')
      .getByText(/^12 of 40, importing <i>b.csv \(\d+ s ago\)$/)
      .waitFor();
    await row('data.csv').getByText('npm run <b>').waitFor();
    expect(await row('data.csv').locator('td[data-label="token"]').innerText()).toBe('1');
    await row('data.csv').getByRole('button').click();
    await page.getByRole('dialog').getByText('12 of 40, importing <i>b.csv (').waitFor();
    offsetMs = 14 * 60_000;
    await page
      .getByRole('dialog')
      .getByText(/^12 of 40.* \(no progress for 14 min \d+ s\)$/)
      .waitFor();
    await page.keyboard.press('Escape');
    await context.close();
    await open({ javaScriptEnabled: false });
    expect(await row('data.csv').innerText()).toMatch(/npm run <b>\s+12 of 40.*no progress for 14 min/s);
    await lock.release();
  });

  test('a file of another program is shown as what it is, and those who wait elsewhere by name', async () => {
    await service.vfs.write('yarn.lock', Buffer.from('# yarn lockfile v1'));
    await acquire('data.csv');
    const waiting = new Lockfile(new VfsFile(service.vfs, 'data.csv'), { ownerId: 'patient <b>' });
    const left = new AbortController();
    const waited = waiting
      .acquire({ wait: Infinity, poll: 10, announce: true, signal: left.signal })
      .catch(() => 'left');
    await open();
    await row('yarn').getByText('yarn.lock is a file of another program').waitFor();
    expect(await row('yarn').innerText()).not.toMatch(/never|unknown|\d+ s/);
    await row('data.csv').locator('td[data-label="waiters"]').getByText('1', { exact: true }).waitFor();
    await row('data.csv').getByRole('button').click();
    await page
      .getByRole('dialog')
      .getByText(/^patient <b> on .+, for \d+ s$/)
      .waitFor();
    await page.keyboard.press('Escape');
    left.abort();
    expect(await waited).toBe('left');
    await row('data.csv').locator('td[data-label="waiters"]').getByText('0', { exact: true }).waitFor();
  });

  test('it is read without JavaScript', async () => {
    await acquire('data.csv', { owner: 'worker', note: { job: 'nightly import' } });
    await acquire(HOSTILE, { owner: HOSTILE_OWNER });
    await open({ javaScriptEnabled: false });
    expect(await row('data.csv').innerText()).toMatch(
      /held\s+data\.csv\s+nightly import\s+worker.*never\s+\d+ s left/s,
    );
    expect(await row(HOSTILE).innerText()).toContain(HOSTILE_OWNER);
    expect(await page.getByRole('button').count()).toBe(0);
    expect(await page.getByText(/^As of \d{4}-\d\d-\d\d .* UTC\./).count()).toBe(1);
    expect(await page.getByText('Details', { exact: true }).isVisible()).toBe(false);
    await page.setViewportSize({ width: 390, height: 900 });
    // On a narrow screen everything about a file stands below its name, and not among the labels.
    const left = async (part: string): Promise<number | undefined> =>
      (await row('data.csv').locator(`td[data-label="file"] ${part}`).first().boundingBox())?.x;
    expect(await left('.more')).toBe(await left('> span'));
  });

  test('a visitor without a write token is asked for one, which acts and is not kept', async () => {
    await acquire('data.csv');
    await open({ httpCredentials: { username: 'me', password: 'token-of-the-reader' } });
    await row('data.csv').getByRole('button').click();
    await page.getByLabel('Reason').fill('seen hanging');
    await page.getByRole('button', { name: 'End this lock' }).click();
    await page.getByRole('alert').getByText('write token').waitFor();
    await page.keyboard.press('Escape');
    await page.getByLabel('Write token').fill(WRITER);
    await row('data.csv').getByRole('button').click();
    await page.getByLabel('Reason').fill('seen hanging');
    await page.getByRole('button', { name: 'End this lock' }).click();
    await status().getByText('0 locks, live').waitFor();
    expect(await context.cookies()).toEqual([]);
    expect(await page.evaluate('localStorage.length + sessionStorage.length')).toBe(0);
  });

  test.each([
    ['light', 1440],
    ['dark', 1440],
    ['light', 820],
    ['light', 390],
    ['dark', 390],
  ] as const)(
    'in %s colours, %i pixels wide: nothing is cut off, and every text has enough contrast',
    async (...way) => {
      const [colorScheme, width] = way;
      await service.vfs.write('reports/2026/a', new Uint8Array());
      await acquire('reports/2026/a-long-name-of-a-file-that-has-no-space-in-it-at-all.xlsx', { owner: 'night-batch' });
      await acquire('data.csv', { note: { job: 'https://ci.example/jobs/812' } });
      await open({ colorScheme, viewport: { width, height: 900 } });
      await status().getByText('2 locks, live').waitFor();
      await row('data.csv').getByRole('link', { name: 'job' }).waitFor();
      const wide = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
      expect(await page.evaluate(wide)).toBe(0);
      expect(await page.evaluate(FAINT_TEXTS)).toEqual([]);
      await row('data.csv').getByRole('button').click();
      await page.getByRole('dialog').waitFor();
      expect(await page.evaluate(wide)).toBe(0);
      expect(await page.evaluate(FAINT_TEXTS)).toEqual([]);
    },
  );
});
