import type * as fs from 'node:fs';

import { expect, test, vi } from 'vitest';

import { thisProcess } from '../../../../src/lock/model/process.js';

const disk = vi.hoisted(() => ({ failing: /^$/ }));

vi.mock('node:fs', async (original) => {
  const real = await original<typeof fs>();
  const readFileSync = ((path: string, ...rest: never[]) => {
    if (disk.failing.test(path)) throw Object.assign(new Error('too many open files'), { code: 'EMFILE' });
    return real.readFileSync(path, ...rest);
  }) as typeof fs.readFileSync;
  return { ...real, readFileSync };
});

test.skipIf(process.platform !== 'linux')('B17: a failed read of /proc is not remembered', () => {
  disk.failing = /^\/proc\//;
  expect(thisProcess()).toMatchObject({ pid: process.pid, bootId: '', namespace: '', processStart: '' });
  disk.failing = /^\/proc\/\d+\/stat$/;
  expect(thisProcess().processStart).toBe('');
  expect(thisProcess().bootId).not.toBe('');
  disk.failing = /^$/;
  const whole = thisProcess();
  expect(whole.processStart).toMatch(/^\d+$/);
  disk.failing = /^\/proc\//;
  expect(thisProcess()).toBe(whole);
});
