import { setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, test } from 'vitest';

import { s3Vfs, type S3Vfs } from '../../../../src/backends/s3/index.js';
import type { Version } from '../../../../src/vfs/vfs.js';
import { failure, refusal, Scripted, type Answer, type Sent } from './scripted.js';

const LARGE = 700 * 1024 * 1024;
const REFUSED = refusal(412, 'PreconditionFailed');
const FROM = 'a b/ü+%';

interface Plan {
  readonly size: number;
  readonly conditionalDelete?: 'native' | 'none';
  /** What a request is answered with instead of success. */
  readonly instead?: (sent: Sent, number: number) => Answer | undefined;
}

/** A store with one object, where moves succeed but for what the plan says. */
function storeOf({ size, instead, conditionalDelete = 'native' }: Plan): {
  readonly vfs: S3Vfs;
  readonly script: Scripted;
} {
  const script = new Scripted((sent, number) => {
    const { method, query } = sent;
    const other = instead?.(sent, number);
    if (other) return other;
    if (method === 'GET') {
      const about = { 'content-type': 'text/csv', 'x-amz-meta-from': 'them' };
      return { status: 200, headers: { ...about, etag: '"from"', 'content-length': String(size) }, body: 'x' };
    }
    if (method === 'HEAD') return refusal(404, 'NotFound');
    if (method === 'POST' && 'uploads' in query) return { status: 200, body: '<R><UploadId>u</UploadId></R>' };
    return { status: 200, headers: { etag: '"to"' }, body: method === 'PUT' && 'partNumber' in query ? PART : '<R/>' };
  });
  return { script, vfs: s3Vfs({ bucket: 'locks', client: script.client, conditionalDelete }) };
}

const PART = '<CopyPartResult><ETag>"part"</ETag></CopyPartResult>';
const on = (verb: string, answer: Answer) => (sent: Sent) => (sent.method === verb ? answer : undefined);
const complete = (sent: Sent): boolean => sent.method === 'POST' && 'uploadId' in sent.query;

describe('a move of a small object', () => {
  test('writes it only where nothing is, as it was, and removes only what it read', async () => {
    const { vfs, script } = storeOf({ size: 1 });
    await vfs.move(FROM, 'b');
    const [read, write, remove] = script.seen;
    expect([read?.method, write?.method, remove?.method, script.seen.length]).toEqual(['GET', 'PUT', 'DELETE', 3]);
    expect(write?.headers).toMatchObject({
      'if-none-match': '*',
      'content-type': 'text/csv',
      'x-amz-meta-from': 'them',
    });
    expect(remove?.headers).toMatchObject({ 'if-match': '"from"' });
  });

  test('takes the copy back when the object was changed meanwhile', async () => {
    const { vfs, script } = storeOf({
      size: 1,
      instead: ({ method, headers }) => (method === 'DELETE' && headers['if-match'] === '"from"' ? REFUSED : undefined),
    });
    await expect(vfs.move(FROM, 'b')).rejects.toMatchObject({ code: 'ERR_VFS_NOT_FOUND' });
    expect(script.seen.at(-2)).toMatchObject({ method: 'DELETE', path: '/b', headers: { 'if-match': '"to"' } });
  });

  test('B10: without a conditional DELETE, leaves a newer upload where it is', async () => {
    const seen: string[] = [];
    const { vfs } = storeOf({
      size: 1,
      conditionalDelete: 'none',
      instead: ({ method, path }) => {
        seen.push(`${method} ${path}`);
        if (method !== 'HEAD') return undefined;
        return { status: 200, headers: { etag: path === '/b' ? '"to"' : '"newer"' } };
      },
    });
    await expect(vfs.move('a', 'b')).rejects.toMatchObject({ code: 'ERR_VFS_CHANGED' });
    expect(seen.filter((request) => request.startsWith('DELETE'))).toEqual(['DELETE /b']);
  });

  test('B10: copies nothing that is not the version that was seen', async () => {
    const { vfs, script } = storeOf({ size: 1 });
    const seen = { size: 1, modifiedMs: 0, version: '"older"' as Version };
    await expect(vfs.move('a', 'b', { ifUnchanged: seen })).rejects.toMatchObject({ code: 'ERR_VFS_CHANGED' });
    expect(script.taken()).toEqual(['GET']);
    await vfs.move('a', 'b', { ifUnchanged: { ...seen, version: '"from"' as Version } });
    expect(script.taken()).toEqual(['GET', 'PUT', 'DELETE']);
  });

  test('does not take what is there for somebody else’s, nor for its own, when it cannot know', async () => {
    const answers: readonly Answer[] = [refusal(500, 'InternalError'), failure('ECONNRESET')];
    for (const answer of answers) {
      const { vfs } = storeOf({ size: 1, instead: on('PUT', answer) });
      await expect(vfs.move(FROM, 'b')).rejects.toMatchObject({ code: 'ERR_VFS_IO', effect: 'unknown' });
    }
  });

  test('is refused where something is', async () => {
    const { vfs } = storeOf({ size: 1, instead: on('PUT', REFUSED) });
    await expect(vfs.move(FROM, 'b')).rejects.toMatchObject({ code: 'ERR_VFS_EXISTS', effect: 'none' });
  });
});

describe('a move of a large object', () => {
  test('is made by the store in parts of the version that was looked at, to where nothing is', async () => {
    const { vfs, script } = storeOf({ size: LARGE });
    await vfs.move(FROM, 'b');
    const parts = script.seen.filter(({ query }) => 'partNumber' in query);
    expect(parts.map(({ headers }) => headers['x-amz-copy-source-range'])).toEqual([
      `bytes=0-${String(2 ** 29 - 1)}`,
      `bytes=${String(2 ** 29)}-${String(LARGE - 1)}`,
    ]);
    for (const { headers } of parts) {
      expect(headers).toMatchObject({
        'x-amz-copy-source': 'locks/a%20b/%C3%BC%2B%25',
        'x-amz-copy-source-if-match': '"from"',
      });
    }
    const begun = script.seen.find(({ query }) => 'uploads' in query);
    expect(begun?.headers).toMatchObject({ 'content-type': 'text/csv', 'x-amz-meta-from': 'them' });
    expect(script.seen.find(complete)?.headers).toMatchObject({ 'if-none-match': '*' });
    expect(script.seen.at(-1)).toMatchObject({ method: 'DELETE', headers: { 'if-match': '"from"' } });
  });

  test('looks first whether something is there, since not every store heeds the condition in the end', async () => {
    const { vfs, script } = storeOf({ size: LARGE, instead: on('HEAD', { status: 200 }) });
    await expect(vfs.move(FROM, 'b')).rejects.toMatchObject({ code: 'ERR_VFS_EXISTS' });
    expect(script.taken()).toEqual(['GET', 'HEAD']);
  });

  test('that finds something there in the end is refused, and leaves no parts behind', async () => {
    const { vfs, script } = storeOf({ size: LARGE, instead: (sent) => (complete(sent) ? REFUSED : undefined) });
    await expect(vfs.move(FROM, 'b')).rejects.toMatchObject({ code: 'ERR_VFS_EXISTS' });
    expect(script.seen.at(-1)).toMatchObject({ method: 'DELETE', query: { uploadId: 'u' } });
  });

  test('that fails on the way leaves no parts behind', async () => {
    const { vfs, script } = storeOf({ size: LARGE, instead: on('PUT', refusal(400, 'InvalidRequest')) });
    await expect(vfs.move(FROM, 'b')).rejects.toMatchObject({ code: 'ERR_VFS_IO' });
    expect(script.seen.at(-1)).toMatchObject({ method: 'DELETE', query: { uploadId: 'u' } });
  });
});

describe('an upload', () => {
  test('that is aborted while its last request is on its way may have been done', async () => {
    const script = new Scripted(() => undefined);
    const vfs = s3Vfs({ bucket: 'locks', client: script.client });
    const writing = vfs.write('a', Buffer.from('x'), { signal: AbortSignal.timeout(100) });
    await expect(writing).rejects.toMatchObject({ code: 'ERR_VFS_ABORTED', effect: 'unknown' });
  });

  test('whose part is on its way when it is aborted is given up after that, not before', async () => {
    const events: string[] = [];
    const late = async (): Promise<Answer> => {
      await sleep(600);
      events.push('the part is there');
      return { status: 200 };
    };
    const script = new Scripted(({ method, query }) => {
      if ('uploads' in query) return { status: 200, body: '<R><UploadId>u</UploadId></R>' };
      if (method === 'PUT') return late();
      events.push(`${method} ${query.uploadId ?? ''}`);
      return { status: 204 };
    });
    const vfs = s3Vfs({ bucket: 'locks', client: script.client });
    const writing = vfs.write('a', Buffer.alloc(20 * 1024 * 1024), { signal: AbortSignal.timeout(300) });
    await expect(writing).rejects.toMatchObject({ code: 'ERR_VFS_ABORTED', effect: 'none' });
    expect(events).toEqual(['the part is there', 'DELETE u']);
  });
});
