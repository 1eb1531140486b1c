import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { openLocal } from '../../../src/open.js';
import { localVfs, openFile, registerBackend, VfsError, VfsFile, withLock } from '../../../src/index.js';

const bit = fc.constantFrom(
  ...['/', '//', '.', '..', '../', '/..', './', '%2e', '%2E%2e', '%2f', '%2F', '%5c', '\\', '%00', '\0', '%', '%zz'],
  ...[
    '%c0%ae',
    '%25',
    '%252e',
    '?',
    '#',
    '@',
    ':',
    '://',
    ' ',
    '+',
    'a',
    'b.csv',
    'é',
    '\ud800',
    '%ff',
    '\u202e',
    '\n',
  ],
  ...[
    'file:',
    'file:///',
    'FILE:///',
    'file://localhost/',
    'mem:///',
    'mem://x/',
    's3://b/',
    'gs://b/',
    'C:\\',
    '~',
    '-',
  ],
  ...['x'.repeat(256), 'y/'.repeat(2100)],
);
const nasty = fc.array(fc.oneof({ weight: 4, arbitrary: bit }, fc.string({ unit: 'binary', maxLength: 3 })), {
  maxLength: 12,
});
const text = nasty.map((bits) => bits.join(''));
const uri = fc
  .tuple(fc.constantFrom('file://', 'file:///', 'file://localhost/', 'mem:///', 'FILE:///', 'Mem:///'), text)
  .map(([start, rest]) => start + rest);

async function opened(given: string): Promise<VfsFile | VfsError> {
  try {
    return await openFile(given);
  } catch (error) {
    expect(error, `not a VfsError: ${String(error)}`).toBeInstanceOf(VfsError);
    return error as VfsError;
  }
}

/** Names that the store takes as they are: whatever was given, there is nothing left in them to be worked out. */
function expectInside(path: string): void {
  for (const name of path.split('/')) expect(['', '.', '..']).not.toContain(name);
  expect(path).not.toContain('\0');
}

describe('whatever text is opened', () => {
  test('becomes a file below the root of its store or a VfsError of the path or the URI', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(text, uri), async (given) => {
        const file = await opened(given);
        if (file instanceof VfsError) expect(['ERR_VFS_PATH', 'ERR_VFS_URI']).toContain(file.code);
        else expectInside(file.path);
      }),
      { numRuns: 3000 },
    );
  });

  test('is opened the same way without waiting, where it is local', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(text, uri), async (given) => {
        const file = await opened(given);
        if (file instanceof VfsError || file.vfs.scheme !== 'file') return;
        expect(openLocal(given).path).toBe(file.path);
      }),
      { numRuns: 1000 },
    );
  });

  test('is found again by what the file calls itself', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(text, uri), async (given) => {
        const file = await opened(given);
        if (file instanceof VfsError) return;
        const again = await openFile(file.toString());
        expect(again.path).toBe(file.path);
        expect(again.vfs).toBe(file.vfs);
      }),
      { numRuns: 3000 },
    );
  });

  test('leads to the file that the system finds under that path', async () => {
    await fc.assert(
      fc.asyncProperty(text, async (given) => {
        const file = await opened(given);
        if (file instanceof VfsError || file.vfs.scheme !== 'file' || /^file:/i.test(given)) return;
        expect(file.toString()).toBe(resolve(given));
      }),
      { numRuns: 2000 },
    );
  });

  test('and is a URL of Node leads where Node says', async () => {
    const names = fc.array(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }).filter((name) => !/[\0/]|^\.\.?$/.test(name)),
      { minLength: 1, maxLength: 5 },
    );
    await fc.assert(
      fc.asyncProperty(names, async (path) => {
        const local = `/${path.join('/')}`;
        expect((await openFile(pathToFileURL(local))).toString()).toBe(local);
        expect((await openFile(pathToFileURL(local).href)).toString()).toBe(local);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('what is no text', () => {
  test.each([undefined, null, 5, true, {}, [], Symbol('path'), Object.create(null), () => 'a', 5n])(
    '(%#) is refused as a path',
    async (given) => {
      await expect(openFile(given as string)).rejects.toMatchObject({ name: 'VfsError', code: 'ERR_VFS_PATH' });
      await expect(withLock(given as string, () => 1)).rejects.toMatchObject({ code: 'ERR_VFS_PATH' });
      expect(() => openLocal(given as string)).toThrow(VfsError);
    },
  );
});

describe('a URI', () => {
  test('of an unknown scheme is refused without telling the password in it', async () => {
    for (const given of [
      'ftp://me:secret@host/a',
      'ftp://secret@host/a',
      'mem://me:secret@host/a',
      'file://me:secret@h/a',
    ]) {
      const error = await openFile(given).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'ERR_VFS_URI' });
      expect((error as Error).message).not.toContain('secret');
      expect((error as Error).message).toContain('/a');
    }
  });

  test.each(['file:/tmp/a', 'file:a', 'mem:a', 'MEM:/a', 'file:'])(
    '%s without its two slashes is no path in the working directory, and the error says how to write it',
    async (given) => {
      await expect(openFile(given)).rejects.toMatchObject({ code: 'ERR_VFS_URI' });
      await expect(openFile(given)).rejects.toThrow(/:\/\/\/folder\/file/);
      await expect(openFile(`./${given}`)).resolves.toBeInstanceOf(VfsFile);
    },
  );

  test.each(['file:///tmp/', 'mem:///a/', 'mem:///', 'file:///'])('%s names a folder and is refused', async (given) => {
    await expect(openFile(given)).rejects.toMatchObject({ code: 'ERR_VFS_PATH' });
  });

  test('of a scheme of my own reaches my backend, decoded and worked out', async () => {
    const seen: string[] = [];
    registerBackend('inbox+test', (given, path) => {
      seen.push(given, path);
      return new VfsFile(localVfs(), path);
    });
    await openFile('inbox+test://host:22/a%20b/../c%2Bd');
    expect(seen).toEqual(['inbox+test://host:22/a%20b/../c%2Bd', 'c+d']);
    await expect(openFile('inbox+test://host/../x')).rejects.toMatchObject({ code: 'ERR_VFS_PATH' });
    await expect(openFile('nobody://host/x')).rejects.toThrow(/known are file, mem, .*inbox\+test/);
  });

  test.each(['', 'x', 'X://', 'a b', '1a', 'file:', '../'])('cannot have the scheme %j', (scheme) => {
    expect(() => registerBackend(scheme, () => Promise.reject(new Error('never called')))).toThrow(VfsError);
  });

  test('as long as a novel is refused in a few words', async () => {
    for (const given of [`file:///${'a/'.repeat(1e6)}b`, `nobody://${'x'.repeat(1e6)}`, 'y'.repeat(1e6)]) {
      const error = await openFile(given).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(VfsError);
      expect((error as Error).message.length).toBeLessThan(500);
    }
  });
});

describe('in a working directory that is gone', () => {
  const before = process.cwd();
  beforeAll(() => {
    const folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-gone-'));
    process.chdir(folder);
    rmSync(folder, { recursive: true });
  });
  afterAll(() => {
    process.chdir(before);
  });

  test('a relative path is refused, and an absolute one is not', async () => {
    await expect(openFile('a.csv')).rejects.toMatchObject({ name: 'VfsError', code: 'ERR_VFS_NOT_FOUND' });
    await expect(openFile('/a.csv')).resolves.toBeInstanceOf(VfsFile);
  });
});

describe('a store with a root of its own', () => {
  test('finds nothing outside it', async () => {
    const outside = realpathSync(mkdtempSync(join(tmpdir(), 'vfs-lockfile-root-')));
    writeFileSync(join(outside, 'secret'), 'secret');
    const vfs = localVfs({ root: join(outside, 'inside') });
    await fc.assert(
      fc.asyncProperty(text, async (given) => {
        const path = `${given}/../secret`.replace(/^\//, '');
        for (const tried of [given, path]) {
          const error: unknown = await vfs.read(tried, { maxBytes: 10 }).catch((reason: unknown) => reason);
          if (error instanceof Error) expect(error).toBeInstanceOf(VfsError);
          else expect(error).toBeUndefined();
          if (!(error instanceof Error)) expect(vfs.locate(tried).startsWith(`${outside}/inside/`)).toBe(true);
        }
      }),
      { numRuns: 1000 },
    );
    rmSync(outside, { recursive: true });
  });
});
