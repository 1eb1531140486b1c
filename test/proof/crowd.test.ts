import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { Child, endAll } from '../support/processes/child.js';

const PROCESSES = 50;

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'vfs-lockfile-crowd-'));
});

afterEach(async () => {
  await endAll();
  rmSync(root, { recursive: true, force: true });
});

it.runIf(process.platform === 'linux')(
  'F2: a lock goes among 50 processes in the order in which they came, for three looks of all together each time',
  async () => {
    const crowd = Array.from({ length: PROCESSES }, () => new Child('crowd', root));
    const say = (child: Child, order: string): unknown => child.process.stdin?.write(`${order}\n`);
    const looksOfAll = async (): Promise<number> => {
      for (const child of crowd) say(child, 'looks');
      const looks = await Promise.all(crowd.map((child) => child.line()));
      return looks.reduce((sum, each) => sum + Number(each), 0);
    };
    for (const child of crowd) expect(await child.line()).toBe('ready');
    for (const child of crowd) {
      say(child, 'take');
      expect(await child.line()).toBe(child === crowd[0] ? 'taken' : 'waiting');
    }
    await looksOfAll();
    const looks = [];
    for (const [place, child] of crowd.slice(1).entries()) {
      const holder = crowd[place];
      if (holder) say(holder, 'release');
      expect(await child.line()).toBe('taken');
      expect(await holder?.line()).toBe('released');
      looks.push(await looksOfAll());
    }
    expect(looks).toHaveLength(PROCESSES - 1);
    expect(Math.min(...looks)).toBeGreaterThan(0);
    expect(Math.max(...looks)).toBeLessThanOrEqual(3);
  },
);
