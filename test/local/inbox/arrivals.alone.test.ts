import * as disk from 'node:fs';
import type * as promises from 'node:fs/promises';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';

import { localVfs, VfsFile } from '../../../src/index.js';

type Hook = (call: 'link' | 'copyFile' | 'rename', from: string, to: string) => void;
const world = vi.hoisted(() => ({ before: undefined as Hook | undefined }));

// A producer that acts right before a system call of a move.
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof promises>();
  const hooked = Object.fromEntries(
    (['link', 'copyFile', 'rename'] as const).map((call) => [
      call,
      (from: string, to: string, ...rest: never[]) => {
        world.before?.(call, from, to);
        return (real[call] as (...args: unknown[]) => Promise<void>)(from, to, ...rest);
      },
    ]),
  );
  return { ...real, ...hooked };
});

const folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-arrivals-'));
const at = (name: string): string => join(folder, name);
const replaceBy = (name: string, text: string): void => {
  writeFileSync(at('staged'), text);
  disk.renameSync(at('staged'), at(name));
};
/** All files, with their contents. */
const files = (): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name))
      .map((path) => [path.slice(folder.length + 1), readFileSync(path, 'utf8')]),
  );

describe.each([true, false])('a move on the disk (hard links: %s)', (hardLinks) => {
  const file = new VfsFile(localVfs({ root: folder, hardLinks }), 'day.csv');
  const move = (ifUnchanged?: { readonly size: number; readonly modifiedMs: number }): Promise<unknown> =>
    file.move('done/', { ifUnchanged }).then(
      () => undefined,
      (error: unknown) => error,
    );

  beforeEach(() => {
    world.before = undefined;
    for (const name of readdirSync(folder)) rmSync(at(name), { recursive: true });
    writeFileSync(at('day.csv'), 'v1');
  });
  afterAll(() => void (world.before = undefined));

  test('moves the file, and leaves no private name', async () => {
    expect(await move(await file.stat())).toBeUndefined();
    expect(files()).toEqual({ 'done/day.csv': 'v1' });
  });

  test('A5: never loses a file that arrives while the old one is moved', async () => {
    world.before = (call, from) => {
      if (call === 'rename' && from === at('day.csv')) replaceBy('day.csv', 'v2');
    };
    expect(await move()).toMatchObject({
      code: 'ERR_VFS_CHANGED',
      message: expect.stringMatching(/day\.csv to .*done\/day\.csv/) as string,
    });
    expect(files()).toEqual({ 'day.csv': 'v2' });
  });

  test('A5: keeps it beside where yet another one has taken the name', async () => {
    world.before = (call, from) => {
      if (call === 'rename' && from === at('day.csv')) replaceBy('day.csv', 'v2');
      if (call !== 'rename' && from.endsWith('-moved')) {
        world.before = undefined;
        replaceBy('day.csv', 'v3');
      }
    };
    const error = await move();
    const kept = readdirSync(folder).find((name) => /^day-[0-9a-f]{8}\.csv$/.test(name));
    expect(files()).toEqual({ 'day.csv': 'v3', [kept!]: 'v2' });
    expect(String(error)).toContain(kept);
  });

  test('B10: moves nothing that is not the file that was seen, whenever it was replaced', async () => {
    const seen = await file.stat();
    replaceBy('day.csv', 'version 2');
    expect(await move(seen)).toMatchObject({ code: 'ERR_VFS_CHANGED' });
    expect(files()).toEqual({ 'day.csv': 'version 2' });
    const again = await file.stat();
    world.before = (call) => {
      if (call === 'link' || call === 'copyFile') {
        world.before = undefined;
        replaceBy('day.csv', 'version three');
      }
    };
    expect(await move(again)).toMatchObject({ code: 'ERR_VFS_CHANGED' });
    expect(files()).toEqual({ 'day.csv': 'version three' });
  });

  test('U2: an error names both ends', async () => {
    writeFileSync(at('taken'), '');
    const error: unknown = await file.move('taken/a').catch((failure: unknown) => failure);
    expect(String(error)).toMatch(`${at('day.csv')} to ${at('taken/a')}`);
    const gone: unknown = await new VfsFile(file.vfs, 'gone').move('b').catch((failure: unknown) => failure);
    expect(gone).toMatchObject({ code: 'ERR_VFS_NOT_FOUND' });
    expect(String(gone)).toMatch(`${at('gone')} to ${at('b')}: there is no such file`);
  });
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});
