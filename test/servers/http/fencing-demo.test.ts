import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { fileURLToPath, pathToFileURL } from 'node:url';

import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { hash } from '../../../examples/fencing-demo/node/crypto.js';
import { launch, missingBrowser } from './chromium.js';
import { FAINT_TEXTS } from './contrast.js';

const FOLDER = fileURLToPath(new URL('../../../examples/fencing-demo', import.meta.url));
const lacking = missingBrowser();
/** Only what hangs is to fail by this. */
const SLOW_MS = 240_000;

test.each([0, 1, 55, 56, 64, 1000])('the SHA-256 of the page is that of Node, of %i bytes', (length) => {
  const data = Uint8Array.from({ length }, (_, index) => index * 7);
  for (const encoding of ['base64url', 'hex'] as const) {
    expect(hash('sha256', data, encoding)).toBe(createHash('sha256').update(data).digest(encoding));
  }
});

/** The page in a window of its own. */
class Demo {
  readonly problems: string[] = [];
  readonly page: Page;

  private constructor(page: Page) {
    this.page = page;
  }

  /** Opens the file on the disk, without a network. */
  static async open(browser: Browser): Promise<Demo> {
    const context = await browser.newContext({ offline: true, reducedMotion: 'reduce' });
    context.setDefaultTimeout(SLOW_MS);
    const page = await context.newPage();
    const demo = new Demo(page);
    const { href } = pathToFileURL(`${FOLDER}/dist/index.html`);
    page.on('pageerror', (error) => demo.problems.push(error.message));
    page.on('console', (message) => demo.problems.push(message.text()));
    page.on('request', (request) => {
      if (request.url() !== href && !request.url().startsWith('data:')) demo.problems.push(request.url());
    });
    await page.goto(href);
    return demo;
  }

  async close(): Promise<void> {
    await this.page.context().close();
    expect(this.problems).toEqual([]);
  }

  advice(text: string | RegExp): Promise<void> {
    return this.page.getByRole('status').getByText(text).waitFor();
  }

  log(text: string | RegExp): Locator {
    return this.page.locator('#log li').filter({ hasText: text });
  }

  writes(text: string): Locator {
    return this.page.locator('#writes li').filter({ hasText: text });
  }

  guide(text: string): Locator {
    return this.page.locator('#guide:enabled').filter({ hasText: text });
  }

  card(name: string): Locator {
    return this.page.getByRole('article', { name: `Worker ${name}` });
  }

  async reportToken(): Promise<number> {
    return tokenIn(await this.page.locator('#report').innerText());
  }

  /** Presses until somebody is stopped: on a slow machine the lock may be released before the key is there. */
  async pressStop(): Promise<void> {
    const stop = 'Stop the worker';
    do await this.guide(stop).press('Enter');
    while ((await this.page.locator('#guide').innerText()).startsWith(stop));
  }

  /** The same by the button of the holder's card. Returns the button that continues it. */
  async stopByCard(): Promise<Locator> {
    const stopped = this.page.locator('.stopped');
    const go = stopped.getByRole('button', { name: /^Continue worker/ });
    for (;;) {
      await this.page.locator('.holds').getByRole('button', { name: /^Stop/ }).press('Enter');
      if ((await stopped.innerText()).includes('believes that it has the lock')) return go;
      await go.press('Enter');
    }
  }

  /** Stops the holder, and waits until somebody else has written. Returns the name of the sleeper and its token. */
  async stopHolder(): Promise<readonly [name: string, token: number]> {
    await this.pressStop();
    await this.advice(/is stopped in the middle of its work|has taken/);
    const [, name = ''] = /Worker (\w)/.exec(await this.page.locator('.stopped').innerText()) ?? [];
    const token = tokenIn(await this.card(name).innerText());
    await this.guide(`Continue worker ${name}`).waitFor();
    return [name, token];
  }
}

const tokenIn = (text: string): number => Number(/token (\d+)/.exec(text)?.[1]);

describe.skipIf(lacking !== undefined)(`the fencing demo in Chromium${lacking ? `: ${lacking}` : ''}`, () => {
  let browser: Browser;

  beforeAll(async () => {
    execFileSync(process.execPath, [`${FOLDER}/build.mjs`]);
    browser = await launch();
  });
  afterAll(() => browser.close());

  test.concurrent(
    'a holder that sleeps past its lease writes too late: its old token is refused, the others go on',
    async () => {
      const demo = await Demo.open(browser);
      const [name, token] = await demo.stopHolder();
      const before = await demo.reportToken();
      expect(before).toBeGreaterThan(token);
      await demo.guide('Continue').press('Enter');
      await demo.advice(`Refused. Worker ${name} came back with token ${token}, but token`);
      const refusal = new RegExp(`worker ${name} is refused: its token ${token} is too old; token \\d+ has come since`);
      await demo.log(refusal).waitFor();
      await demo.writes(`token ${token}, worker ${name}: refused`).waitFor();
      expect(await demo.reportToken()).toBeGreaterThanOrEqual(before);
      await demo
        .log(new RegExp(`worker [^${name}] writes the report`))
        .nth(1)
        .waitFor();
      // The worker that was refused takes part again, with a new token.
      const written = demo.log(`worker ${name} writes the report`).first();
      expect(tokenIn(await written.innerText())).toBeGreaterThan(token);
      await demo.close();
    },
  );

  test.concurrent('without the token the late write goes over newer work', async () => {
    const demo = await Demo.open(browser);
    await demo.page.getByLabel('Writes carry the fencing token').press('Space');
    const [name, token] = await demo.stopHolder();
    await demo.guide('Continue').press('Enter');
    await demo.advice(`Newer work is gone. Worker ${name} came back with token ${token}`);
    await demo.writes(`worker ${name}: written over newer work`).waitFor();
    await demo.close();
  });

  test.concurrent('one that crashes leaves its lock until the lease is over; it may start again', async () => {
    const demo = await Demo.open(browser);
    const [card, has] = [demo.card('A'), demo.card('A').locator('p', { hasText: 'Has the lock' })];
    const button = (name: string): Locator => card.getByRole('button', { name });
    const [crash, start] = [button('Crash worker A'), button('Start worker A again')];
    await has.waitFor();
    await crash.press('Enter');
    // On a slow machine its lock may be released by then.
    while (!(await card.innerText()).includes('Crashed with the lock')) {
      await start.press('Enter');
      await has.waitFor();
      await crash.press('Enter');
    }
    expect(await card.getByRole('button', { name: 'Stop worker A' }).isDisabled()).toBe(true);
    await demo
      .log(/worker [BC] finds a lease that is over, and takes the lock over/)
      .first()
      .waitFor();
    await demo
      .log(/worker [BC] writes the report/)
      .first()
      .waitFor();
    await start.press('Enter');
    await has.waitFor();
    await demo.close();
  });

  test.concurrent('one that is stopped for less than its lease goes on', async () => {
    const demo = await Demo.open(browser);
    const go = await demo.stopByCard();
    await go.press('Enter');
    // On a machine that is slow enough, its lease is over by then.
    await demo.advice(/and rightly|Refused/);
    await demo.close();
  });

  test.concurrent(
    'one that is continued at once, before the page is drawn again, counts as stopped as well',
    async () => {
      const demo = await Demo.open(browser);
      await demo.page.locator('.holds').waitFor();
      const press = `document.querySelector('.holds button').click(); document.querySelector('.stopped button').click()`;
      await demo.page.evaluate(press);
      await demo.advice(/and rightly|Refused/);
      await demo.close();
    },
  );

  test.concurrent(
    'light and dark, wide and narrow: nothing is cut off, and every text has enough contrast',
    async () => {
      const demo = await Demo.open(browser);
      const check = async (): Promise<void> => {
        for (const colorScheme of ['light', 'dark'] as const) {
          for (const width of [1440, 390]) {
            await demo.page.emulateMedia({ colorScheme });
            await demo.page.setViewportSize({ width, height: 900 });
            const wide = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
            expect(await demo.page.evaluate(wide)).toBe(0);
            expect(await demo.page.evaluate(FAINT_TEXTS)).toEqual([]);
          }
        }
      };
      await demo.pressStop();
      await check();
      await demo.guide('Continue').press('Enter');
      await demo.advice('Refused');
      await check();
      await demo.close();
    },
  );
});
