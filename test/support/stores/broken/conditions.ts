import { contentVersion } from '../../../../src/backends/shared/content-version.js';
import { VfsError, type Version, type Vfs, type Written } from '../../../../src/index.js';
import { broken, dataOf, readAs, tick, type Broken } from './broken.js';

const asVersion = (text: string): Version => text as Version;

/** Read, compare, write: what every store without a compare-and-swap is tempted to do. */
function naive(right: Vfs): Partial<Vfs> {
  const put = async (path: string, data: Uint8Array): Promise<Written> => {
    await right.write(path, data);
    return { version: contentVersion(data) };
  };
  return {
    create: async (path, data, options) => {
      const there = await right.stat(path, options);
      await tick();
      return there ? undefined : put(path, data);
    },
    replace: async (path, version, data, options) => {
      const snapshot = await right.read(path, options);
      await tick();
      return snapshot?.version === version ? put(path, data) : undefined;
    },
    remove: async (path, version, options) => {
      const snapshot = await right.read(path, options);
      await tick();
      return snapshot?.version === version && (await right.delete(path), true);
    },
  };
}

/** A store that never reports a lost race. */
function unconditional(right: Vfs): Partial<Vfs> {
  return {
    create: async (path, data) => (await right.write(path, data), { version: contentVersion(data) }),
    replace: async (path, _version, data) => (await right.write(path, data), { version: contentVersion(data) }),
    remove: async (path) => (await right.delete(path), true),
  };
}

/** Versions of the store's own making, kept in step with those of the store below. */
function versionedBy(of: (data: Uint8Array) => string): (right: Vfs) => Partial<Vfs> {
  return (right) => {
    const expecting = async (path: string, version: Version): Promise<Version | undefined> => {
      const snapshot = await right.read(path);
      return snapshot && of(snapshot.data) === version ? snapshot.version : undefined;
    };
    return {
      read: async (path, options = {}) => {
        const snapshot = await right.read(path, { ...options, maxBytes: Infinity });
        const data = snapshot?.data.subarray(0, options.maxBytes);
        return snapshot && data && { ...snapshot, data, version: asVersion(of(snapshot.data)) };
      },
      create: async (path, data) => (await right.create(path, data)) && { version: asVersion(of(data)) },
      replace: async (path, version, data) => {
        const expected = await expecting(path, version);
        if (expected === undefined || !(await right.replace(path, expected, data))) return undefined;
        return { version: asVersion(of(data)) };
      },
      remove: async (path, version) => {
        const expected = await expecting(path, version);
        return expected !== undefined && right.remove(path, expected);
      },
    };
  };
}

const NONE = { create: 'none', replace: 'none', remove: 'none' } as const;

/** Wrong conditions and wrong versions. */
export const brokenConditions: readonly Broken[] = [
  broken('reads, compares and writes', naive, [
    ...['create one file at once', 'replace one version at once', 'remove one version at once'],
    ...[
      'of clients that replace and clients that remove one version at once exactly one wins, and only its change is visible',
      'clients that increment a counter in one file by read and replace lose no increment',
      'of clients that create a file, work and remove it by its version never two work at once',
    ],
  ]),
  broken('never loses', unconditional, [
    ...[
      'create loses',
      'replace loses',
      'remove loses',
      'a file that was removed can be created again, and its old version is no longer valid',
      '(ABA)',
      'a plain write and',
    ],
    ...[
      'create one file at once',
      'replace one version at once',
      'remove one version at once',
      'clients that increment a counter in one file by read and replace lose no increment',
    ],
    ...[
      'of clients that replace and clients that remove one version at once exactly one wins, and only its change is visible',
      'of clients that create a file, work and remove it by its version never two work at once',
      'a lost create or replace',
    ],
  ]),
  broken(
    'always loses',
    () => ({ create: () => Promise.resolve(undefined), replace: () => Promise.resolve(undefined) }),
    [
      ...[
        'create makes a file',
        'replace changes',
        'remove removes',
        'a file of nothing',
        'a version that was read with maxBytes can be replaced',
      ],
      ...[
        'the data passed to a write still belongs to the caller: changing it later changes no file',
        'a view into a larger buffer',
        'a lock file can have any such name, in a folder with any such name',
        'the longest name that check accepts can be written, created, replaced and removed',
        'the longest path that check accepts can be written, created, replaced and removed',
      ],
      ...['an abort at any moment', 'only the expected files are left behind, whether calls win, lose or race'],
    ],
  ),
  broken('says that it removed, and does not', () => ({ remove: () => Promise.resolve(true) }), [
    'remove removes',
    'created again',
  ]),
  broken(
    'throws where no file is',
    (right) => ({
      read: async (path, options) => {
        const snapshot = await right.read(path, options);
        if (!snapshot) throw new VfsError('ERR_VFS_NOT_FOUND', `cannot read ${path}: there is no such file`);
        return snapshot;
      },
    }),
    [
      'read returns undefined where no file is, at any depth',
      'read returns undefined below a file, which is not a folder',
    ],
  ),
  broken(
    'takes an empty file for none',
    (right) => ({
      read: async (path, options) => {
        const snapshot = await right.read(path, options);
        return snapshot?.data.length === 0 ? undefined : snapshot;
      },
    }),
    [
      'a file of nothing',
      'the same version at each read',
      'write creates the folders that it needs, and replaces an existing file completely',
    ],
  ),
  broken(
    'tells versions by the length',
    versionedBy((data) => `length ${data.length}`),
    ['contents that differ', '(ABA)'],
  ),
  broken(
    'tells versions by the text without its nonce',
    versionedBy((data) => `text ${Buffer.from(data).toString().slice(0, 2)}`),
    ['(ABA)'],
  ),
  broken(
    'tells another version at each read',
    (right) => ({
      read: readAs(right, () => ({ version: asVersion(String(Math.random())) })),
    }),
    ['the same version at each read', 'create makes a file', 'replace changes'],
  ),
  broken(
    'tells versions that no plain write changes',
    (right) => {
      const versions = new Map<string, Version>();
      const told = (path: string, written: Written | undefined): Written | undefined => {
        if (written) versions.set(path, written.version);
        return written;
      };
      return {
        read: async (path, options) => {
          const snapshot = await right.read(path, options);
          return snapshot && { ...snapshot, version: versions.get(path) ?? snapshot.version };
        },
        create: async (path, data) => told(path, await right.create(path, data)),
        replace: async (path, version, data) => {
          const snapshot = await right.read(path);
          if (!snapshot || version !== (versions.get(path) ?? snapshot.version)) return undefined;
          return told(path, await right.replace(path, snapshot.version, data));
        },
      };
    },
    ['a plain write and a plain delete'],
  ),
  broken(
    'says that it can do nothing, and does it',
    (right) => ({
      capabilities: { ...right.capabilities, ...NONE },
    }),
    ['create is refused as unsupported', 'replace is refused as unsupported', 'remove is refused as unsupported'],
  ),
  broken(
    'shows what loses for a moment',
    (right) => ({
      replace: async (path, version, data) => {
        const snapshot = await right.read(path);
        if (!snapshot || snapshot.version === version) return right.replace(path, version, data);
        await right.write(path, data);
        await tick();
        await tick();
        await right.write(path, snapshot.data);
        return undefined;
      },
    }),
    ['a lost create or replace'],
  ),
  broken(
    'is empty for a moment after a creation',
    (right) => ({
      create: async (path, data) => {
        const written = await right.create(path, new Uint8Array());
        await tick();
        await tick();
        return written && right.replace(path, written.version, data);
      },
    }),
    ['readers see each created file whole'],
  ),
  broken(
    'is not there for a moment during a replacement',
    (right) => ({
      replace: async (path, version, data) => {
        if (!(await right.remove(path, version))) return undefined;
        await tick();
        await tick();
        return right.create(path, data);
      },
    }),
    ['readers see the old or the new content'],
  ),
  broken(
    'writes half and then the rest',
    (right) => ({
      write: async (path, data, options) => {
        if (data instanceof Uint8Array) await right.write(path, data.subarray(0, data.length / 2));
        await tick();
        await tick();
        await right.write(path, data, options);
      },
    }),
    ['readers see a plainly written file whole'],
  ),
  broken(
    'reads late what it compares with early',
    (right) => ({
      replace: async (path, version, data) => {
        const before = await dataOf(right, path);
        if (!before || contentVersion(before) !== version) return undefined;
        await tick();
        const now = await right.read(path);
        return now && right.replace(path, now.version, data);
      },
    }),
    [
      'replace one version at once',
      'clients that increment a counter in one file by read and replace lose no increment',
    ],
  ),
];
