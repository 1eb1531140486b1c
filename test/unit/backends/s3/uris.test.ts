import { describe, expect, test, vi } from 'vitest';

import { s3Vfs, type S3VfsOptions } from '../../../../src/backends/s3/index.js';
import { openFile } from '../../../../src/index.js';
import { Scripted } from './scripted.js';

describe('s3 URIs', () => {
  test.each([
    ['s3://bucket/data.csv', 's3://bucket/data.csv', 'data.csv'],
    ['S3://bucket/a%20b/%252B+c', 's3://bucket/a%20b/%252B%2Bc', 'a b/%2B+c'],
    ['s3://bucket/ünï/日本', 's3://bucket/%C3%BCn%C3%AF/%E6%97%A5%E6%9C%AC', 'ünï/日本'],
    ['s3://bucket//leading', 's3://bucket//leading', 'leading'],
    ['s3://bucket///two', 's3://bucket///two', 'two'],
    [`s3://bucket/${'k'.repeat(1024)}`, `s3://bucket/${'k'.repeat(1024)}`, 'k'.repeat(1024)],
  ])('%s leads to its key, and its name leads back', async (uri, shown, path) => {
    const file = await openFile(uri);
    expect(file.path).toBe(path);
    expect(String(file)).toBe(shown);
    expect(String(await openFile(shown))).toBe(shown);
  });

  test('files of one bucket share its store, and its connections', async () => {
    expect((await openFile('s3://bucket/a')).vfs).toBe((await openFile('s3://bucket/b')).vfs);
    expect((await openFile('s3://bucket//a')).vfs).not.toBe((await openFile('s3://bucket/a')).vfs);
  });

  test('buckets of one name are told apart by their endpoint, or by the client', () => {
    const realm = (options: Partial<S3VfsOptions>): string => s3Vfs({ bucket: 'bucket', ...options }).storeId;
    const client = { send: () => 0, config: {} };
    expect(realm({})).toBe(realm({}));
    expect(realm({ endpoint: 'http://a' })).not.toBe(realm({}));
    expect(realm({ endpoint: 'http://a' })).not.toBe(realm({ endpoint: 'http://b' }));
    expect(realm({ client })).toBe(realm({ client }));
    expect(realm({ client: { ...client } })).not.toBe(realm({ client }));
  });

  test.each([
    ['s3:///key', 'ERR_VFS_URI'],
    ['s3://key:secret@bucket/a', 'ERR_VFS_URI'],
    ['s3://bucket/a//b', 'ERR_VFS_URI'],
    ['s3://bucket/a?versionId=1', 'ERR_VFS_URI'],
    ['s3://bucket/', 'ERR_VFS_PATH'],
    ['s3://bucket/folder/', 'ERR_VFS_PATH'],
    [`s3://bucket/${'k'.repeat(1025)}`, 'ERR_VFS_PATH'],
  ])('%s is refused', async (uri, code) => {
    const error: unknown = await openFile(uri).catch((e: unknown) => e);
    expect(error).toMatchObject({ code });
    expect(String(error)).not.toContain('secret');
  });

  test.each<[string, S3VfsOptions]>([
    ['no bucket', {} as S3VfsOptions],
    ['a bucket with a slash', { bucket: 'a/b' }],
    ['an endpoint that is no URL', { bucket: 'bucket', endpoint: 'localhost:9000' }],
    ['an endpoint beside a client', { bucket: 'bucket', client: { send: () => 0, config: {} }, endpoint: 'http://a' }],
    ['a client that is none', { bucket: 'bucket', client: {} }],
    ['a prefix that leaves no room', { bucket: 'bucket', prefix: 'p'.repeat(901) }],
    ['an unknown way to delete', { bucket: 'bucket', conditionalDelete: 'yes' as 'none' }],
  ])('%s is refused before any I/O', (_what, options) => {
    expect(() => s3Vfs(options)).toThrow(expect.objectContaining({ code: 'ERR_VFS_URI' }));
  });

  test('only what is plainly not AWS gives locks back by tombstones unless told otherwise', () => {
    const remove = (options: Partial<S3VfsOptions>): string =>
      s3Vfs({ bucket: 'bucket', ...options }).capabilities.remove;
    expect(remove({})).toBe('atomic');
    expect(remove({ endpoint: 'https://s3.eu-west-1.amazonaws.com' })).toBe('atomic');
    expect(remove({ endpoint: 'https://s3.amazonaws.com.example.org' })).toBe('none');
    expect(remove({ endpoint: 'http://127.0.0.1:9000' })).toBe('none');
    expect(remove({ endpoint: 'http://127.0.0.1:9000', conditionalDelete: 'native' })).toBe('atomic');
    expect(remove({ conditionalDelete: 'none' })).toBe('none');
    const { client } = new Scripted(() => ({ status: 200 }));
    expect(remove({ client })).toBe('atomic');
    const elsewhere = new Scripted(() => ({ status: 200 }), { endpoint: 'http://127.0.0.1:9000' });
    expect(remove({ client: elsewhere.client })).toBe('none');
    vi.stubEnv('AWS_ENDPOINT_URL', 'http://127.0.0.1:9000');
    expect(remove({})).toBe('none');
    expect(remove({ client })).toBe('none');
    vi.stubEnv('AWS_ENDPOINT_URL_S3', 'https://s3.eu-west-1.amazonaws.com');
    expect(remove({})).toBe('atomic');
    vi.unstubAllEnvs();
  });

  test('a bucket may be named by the ARN of an access point', () => {
    const bucket = 'arn:aws:s3:eu-west-1:123456789012:accesspoint/locks';
    expect(s3Vfs({ bucket }).locate('a')).toBe(`s3://${bucket}/a`);
  });
});
