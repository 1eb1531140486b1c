import { existsSync } from 'node:fs';

import { chromium, type Browser } from 'playwright-core';

import { lacks } from '../../support/needs.js';

/** Debian's browser with its driver from npm, which downloads no browser of its own. */
export const BROWSER_PACKAGES = ['chromium', 'fonts-dejavu-core'];

const PROGRAM = '/usr/bin/chromium';

/** Why there is no browser for the tests; undefined: there is one. */
export function missingBrowser(): string | undefined {
  return existsSync(PROGRAM) ? undefined : lacks('Chromium');
}

export function launch(): Promise<Browser> {
  // Root has no sandbox to offer; the pages are our own.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({ executablePath: PROGRAM, args: [...args, '--disable-dev-shm-usage'] });
}
