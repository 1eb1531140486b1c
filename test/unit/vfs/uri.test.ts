import { describe, expect, test } from 'vitest';

import { gcsVfs } from '../../../src/backends/gcs/index.js';
import { s3Vfs } from '../../../src/backends/s3/index.js';
import { lockSync, openFile, VfsError } from '../../../src/index.js';

async function refusal(uri: string): Promise<VfsError> {
  const error: unknown = await openFile(uri).catch((failure: unknown) => failure);
  expect(error, uri).toBeInstanceOf(VfsError);
  return error as VfsError;
}

describe('a URI', () => {
  test.each([
    'file:///srv/inbox/..%2F..%2Fetc%2Fpasswd',
    'file:///srv/inbox/a%2fb',
    'file:///srv/%2e%2e/etc/passwd',
    'mem:///a%2Fb',
    'sftp://user@host/inbox/..%2f..%2fetc/passwd',
  ])('S6: %s is refused, since it looks as if it named something else', async (uri) => {
    expect((await refusal(uri)).code).toBe('ERR_VFS_URI');
  });

  test.each([
    's3://bucket/%2Fkey',
    's3://bucket/a%2F%2Fb',
    'gs://bucket/%2Fkey',
    'gs://bucket/a%2F',
    's3://bucket/a%2F..%2Fb',
    'gs://bucket/%2E%2E/b',
  ])('A6: %s is refused, since another object would be locked', async (uri) => {
    expect((await refusal(uri)).code).toBe('ERR_VFS_URI');
  });

  test('A6: is decoded once, and a slash within a key may be escaped', async () => {
    expect((await openFile('s3://bucket/a%252Fb')).path).toBe('a%2Fb');
    expect((await openFile('s3://bucket/a%2Fb')).path).toBe('a/b');
    expect((await openFile('file:///a%252Fb')).path).toBe('a%2Fb');
  });

  test('A6: with a malformed escape in its user name is refused with a code', async () => {
    expect((await refusal('sftp://us%zzer@h/x')).code).toBe('ERR_VFS_URI');
  });

  test.each([
    ['sftp://user@ho%73t/x', /not of the form sftp:/],
    ['sftp://user@ho st/x', /"ho st" is not a host name/],
    ['sftp://us%00er@host/x', /"us\\u0000er" is not a user name/],
    ['sftp://us%0Aer@host/x', /"us\\ner" is not a user name/],
  ])('%s is refused before it connects', async (uri, words) => {
    expect((await refusal(uri)).message).toMatch(words);
  });

  test.each([
    'sftp://user:pa?se-cret@host/x',
    'sftp://user:pa#se-cret@host/x',
    'sftp://user:se-cret/ret@host/%zz',
    'sftp://user:se-cret@x@host/%zz',
    'ftp://user:pa/se-cret@host/x',
    'ftp://user:p?se-cret@host/x',
    's3://key:se-cret/x@bucket/%zz',
    'gs://key:se-cret@bucket/a//b',
    'file://user:se-cret@host/x',
    'mem://user:se-cret/x@y/%zz',
  ])('S5: %s: no message shows the password', async (uri) => {
    const error = await refusal(uri);
    expect(`${error.message} ${String(error.cause)}`).not.toContain('se-cret');
  });

  test.each([
    ['gcs://bucket/f', /unknown scheme gcs; did you mean gs:\/\/\?/],
    ['ssh://host/f', /did you mean sftp:\/\/\?/],
    ['s3:/bucket/f', /expected s3:\/\/bucket\/key, or \.\/s3:\.\.\. for a path/],
    ['sftp:host/f', /expected sftp:\/\/user@host\/folder\/file/],
    ['~/f', /only a shell expands/],
  ])('%s is refused with what to write', async (text, words) => {
    expect((await refusal(text)).message).toMatch(words);
  });

  test('U28: a synchronous lock elsewhere than on the local disk is refused with what to use', () => {
    expect(() => lockSync('s3://bucket/f')).toThrow(/not on the local disk, which synchronous locks need; use/);
  });

  test('S5: an endpoint with a user name or password is refused, and not shown', () => {
    for (const endpoint of ['http://user:se-cret@gw:9000', 'https://se-cret@gw']) {
      for (const make of [s3Vfs, gcsVfs]) {
        let error: unknown;
        try {
          make({ bucket: 'bucket', endpoint });
        } catch (failure) {
          error = failure;
        }
        expect(error).toMatchObject({ code: 'ERR_VFS_URI' });
        expect(String(error)).toContain('endpoint must not hold a user name');
        expect(String(error)).not.toContain('se-cret');
      }
    }
  });
});
