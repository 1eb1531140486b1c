import { describe, expect, test } from 'vitest';

import { memVfs } from '../../../src/backends/mem/index.js';
import { s3Vfs } from '../../../src/backends/s3/index.js';
import { sftpVfs } from '../../../src/backends/sftp/index.js';
import { localVfs, VfsFile, type Vfs } from '../../../src/index.js';

const disk = localVfs();
const srv = localVfs({ root: '/srv/inbox' });
const s3 = s3Vfs({ bucket: 'drop', prefix: 'in/' });
const sftp = sftpVfs({ host: 'host', username: 'user', root: '/inbox' });
const mem = memVfs();

const named: readonly (readonly [string, Vfs, string, string])[] = [
  ['a name', disk, 'b.csv', 'srv/inbox/b.csv'],
  ['a path below', disk, 'archive/b.csv', 'srv/inbox/archive/b.csv'],
  ['a path beside', disk, '../archive/b.csv', 'srv/archive/b.csv'],
  ['a folder', disk, '../archive/', 'srv/archive/a.csv'],
  ['the folder above', disk, '../', 'srv/a.csv'],
  ['an absolute path', disk, '/archive/b.csv', 'archive/b.csv'],
  ['a file: URI', disk, 'file:///archive/b%20c.csv', 'archive/b c.csv'],
  ['a path of the disk below the root', srv, '/srv/inbox/archive/', 'archive/a.csv'],
  ['a file: URI below the root', srv, 'file://localhost/srv/inbox/done/b.csv', 'done/b.csv'],
  ['a path from the root of the bucket', s3, '/archive/b.csv', 'archive/b.csv'],
  ['an s3: URI', s3, 's3://drop/in/archive/b%23.csv', 'archive/b#.csv'],
  ['a path from the root of the server', sftp, '/archive/', 'archive/a.csv'],
  ['an sftp: URI', sftp, 'sftp://user@host/inbox/archive/b.csv', 'archive/b.csv'],
  ['a mem: URI', mem, mem.locate('archive/b.csv'), 'archive/b.csv'],
];

const PATHS = new Map<Vfs, string>([[disk, 'srv/inbox/a.csv']]);
const fileOf = (vfs: Vfs): VfsFile => new VfsFile(vfs, PATHS.get(vfs) ?? 'inbox/a.csv');

describe('U2: the target of a move', () => {
  test.each(named)('is %s', (_what, vfs, to, path) => {
    expect(fileOf(vfs).resolve(to).path).toBe(path);
  });

  test('is what the display path of a file says, in every store', () => {
    for (const vfs of [disk, srv, s3, sftp, mem]) {
      const file = new VfsFile(vfs, 'archive/b c#%.csv');
      if (vfs !== disk && vfs !== srv) expect(fileOf(vfs).resolve(String(file)).path).toBe(file.path);
      else expect(fileOf(vfs).resolve(vfs.locate(file.path)).path).toBe(file.path);
      expect(fileOf(vfs).resolve(file)).toBe(file);
    }
  });

  test.each<readonly [string, Vfs, string, string]>([
    ['a URI of another bucket', s3, 's3://other/in/a', 'ERR_VFS_URI'],
    ['a key that the prefix does not begin', s3, 's3://drop/out/a', 'ERR_VFS_URI'],
    ['a URI of another scheme', disk, 's3://drop/a', 'ERR_VFS_URI'],
    ['a URI of another server', sftp, 'sftp://user@elsewhere/inbox/a', 'ERR_VFS_URI'],
    ['a path outside of the root', srv, '/etc/passwd', 'ERR_VFS_PATH'],
    ['a path above the root', s3, '../../a', 'ERR_VFS_PATH'],
    ['nothing', disk, '', 'ERR_VFS_PATH'],
    ['no text', disk, 5 as unknown as string, 'ERR_VFS_PATH'],
    ['an escaped slash', disk, 'file:///srv/..%2F..%2Fetc/passwd', 'ERR_VFS_URI'],
  ])('is refused where it is %s', (_what, vfs, to, code) => {
    expect(() => fileOf(vfs).resolve(to)).toThrow(expect.objectContaining({ code }) as Error);
    expect(() => fileOf(mem).resolve(fileOf(vfs === mem ? disk : vfs))).toThrow(
      expect.objectContaining({ code: 'ERR_VFS_URI' }) as Error,
    );
  });

  test('is the same for move, and an error names both ends', async () => {
    const file = new VfsFile(mem, 'inbox/a.csv');
    await file.write('a');
    const moved = await file.move('../archive/');
    expect(moved.path).toBe('archive/a.csv');
    await file.write('b');
    const error: unknown = await file.move(moved).catch((failure: unknown) => failure);
    expect(error).toMatchObject({ code: 'ERR_VFS_EXISTS' });
    expect(String(error)).toContain(String(file));
    expect(String(error)).toContain(String(moved));
  });
});
