import { Readable } from 'node:stream';

import { describe, expect, test } from 'vitest';

import { s3Vfs, type S3Vfs, type S3VfsOptions } from '../../../../src/backends/s3/index.js';
import type { Version } from '../../../../src/index.js';
import { failure, refusal, Scripted, type Answer, type Sent } from './scripted.js';

const DATA = Buffer.from('ours');
const SEEN = '"seen"' as Version;
const RESET = failure('ECONNRESET');
const REFUSED = refusal(412, 'PreconditionFailed');
const CONFLICT = refusal(409, 'ConditionalRequestConflict');
const INTERNAL = refusal(500, 'InternalError');
const ABSENT = refusal(404, 'NoSuchKey');

const holding = (body: string, etag: string): Answer => ({ status: 200, headers: { etag }, body });

/** A store that answers so, one request after the other, and the last answer for ever. */
function answering(...answers: readonly Answer[]): { readonly vfs: S3Vfs; readonly script: Scripted } {
  const script = new Scripted((_sent, number) => answers[Math.min(number, answers.length) - 1]!);
  return { vfs: s3Vfs({ bucket: 'locks', client: script.client }), script };
}

const writes: readonly (readonly [string, Version | undefined, Answer])[] = [
  ['a create', undefined, ABSENT],
  ['a replace', SEEN, holding('before', SEEN)],
];

describe.each(writes)('%s', (_what, version, unchanged) => {
  const write = (vfs: S3Vfs) => (version ? vfs.replace('a', version, DATA) : vfs.create('a', DATA));

  test('that is refused at once is lost, and nobody looks', async () => {
    for (const answer of [REFUSED, ABSENT]) {
      const { vfs, script } = answering(answer);
      expect(await write(vfs)).toBeUndefined();
      expect(script.taken()).toEqual(['PUT']);
    }
  });

  test('whose repetition is refused is open, because the first attempt may be why, and the store is not read', async () => {
    for (const first of [RESET, refusal(503, 'SlowDown')]) {
      const { vfs, script } = answering(first, REFUSED);
      await expect(write(vfs)).rejects.toMatchObject({ code: 'ERR_VFS_IO', effect: 'unknown' });
      expect(script.taken()).toEqual(['PUT', 'PUT']);
    }
  });

  test('whose first attempt went unanswered is open, whatever the others are answered, and the store is not read', async () => {
    for (const last of [INTERNAL, CONFLICT]) {
      const { vfs, script } = answering(RESET, last, last);
      await expect(write(vfs)).rejects.toMatchObject({ code: 'ERR_VFS_IO', effect: 'unknown' });
      expect(script.taken()).not.toContain('GET');
    }
  });

  test('that is answered with 500 or 409 is open where the object cannot be read', async () => {
    const unseen = refusal(403, 'AccessDenied');
    for (const answers of [
      [CONFLICT, unseen],
      [INTERNAL, INTERNAL, INTERNAL, unseen],
    ]) {
      await expect(write(answering(...answers).vfs)).rejects.toMatchObject({ code: 'ERR_VFS_IO', effect: 'unknown' });
    }
  });

  test('that is answered with 500 is lost where the object holds other bytes, and open where it does not', async () => {
    const outcome = (found: Answer) => write(answering(INTERNAL, INTERNAL, INTERNAL, found).vfs);
    expect(await outcome(holding('theirs', '"other"'))).toBeUndefined();
    expect(await outcome(holding('ours and more', '"other"'))).toBeUndefined();
    // A rival may have written the same bytes.
    for (const found of [holding('ours', '"new"'), unchanged]) {
      await expect(outcome(found)).rejects.toMatchObject({ code: 'ERR_VFS_IO', effect: 'unknown' });
    }
  });

  test('whose repetition is refused after a 500 is lost where the object holds other bytes, and open where it does not', async () => {
    const outcome = (found: Answer) => write(answering(INTERNAL, REFUSED, found).vfs);
    expect(await outcome(holding('theirs', '"other"'))).toBeUndefined();
    for (const found of [holding('ours', '"new"'), unchanged]) {
      await expect(outcome(found)).rejects.toMatchObject({ code: 'ERR_VFS_IO', effect: 'unknown' });
    }
  });

  test('that conflicts and finds its own bytes is open: a rival may have written the same', async () => {
    const { vfs, script } = answering(CONFLICT, holding('ours', '"new"'));
    await expect(write(vfs)).rejects.toMatchObject({ code: 'ERR_VFS_IO', effect: 'unknown' });
    expect(script.taken()).toEqual(['PUT', 'GET']);
  });

  test('that conflicts with a rival is sent again while the object is unchanged, and not for ever', async () => {
    const once = answering(CONFLICT, unchanged, holding('', '"new"'));
    expect(await write(once.vfs)).toEqual({ version: '"new"' });
    expect(once.script.taken()).toEqual(['PUT', 'GET', 'PUT']);
    const script = new Scripted(({ method }) => (method === 'PUT' ? CONFLICT : unchanged));
    await expect(write(s3Vfs({ bucket: 'locks', client: script.client }))).rejects.toMatchObject({ effect: 'unknown' });
    expect(script.taken().length).toBeLessThan(20);
  });

  test('that never left is known to have changed nothing', async () => {
    const { vfs } = answering(failure('ECONNREFUSED'));
    await expect(write(vfs)).rejects.toMatchObject({ code: 'ERR_VFS_IO', effect: 'none' });
  });

  test('whose every attempt goes unanswered is open', async () => {
    const { vfs, script } = answering(RESET);
    await expect(write(vfs)).rejects.toMatchObject({ code: 'ERR_VFS_IO', effect: 'unknown' });
    expect(script.taken()).toEqual(['PUT', 'PUT', 'PUT']);
  });

  test('whose answer has no ETag is open', async () => {
    const { vfs } = answering({ status: 200, headers: { etag: '' } });
    await expect(write(vfs)).rejects.toMatchObject({ effect: 'unknown' });
  });
});

describe('a remove', () => {
  test.each([REFUSED, ABSENT])('that is refused at once is lost, and nobody looks', async (answer) => {
    const { vfs, script } = answering(answer);
    expect(await vfs.remove('a', SEEN)).toBe(false);
    expect(script.taken()).toEqual(['DELETE']);
  });

  test.each([REFUSED, ABSENT])('whose repetition is refused is open: the first attempt may be why', async (answer) => {
    const { vfs } = answering(RESET, answer);
    await expect(vfs.remove('a', SEEN)).rejects.toMatchObject({ effect: 'unknown' });
  });

  test('that conflicts with a rival who then wins is lost', async () => {
    const { vfs, script } = answering(CONFLICT, holding('theirs', '"other"'), { status: 204 });
    expect(await vfs.remove('a', SEEN)).toBe(false);
    expect(script.taken()).toEqual(['DELETE', 'GET']);
  });

  test('that is answered with 500 is lost where the object is another, and open where it is gone or unchanged', async () => {
    const outcome = (found: Answer) => answering(INTERNAL, INTERNAL, INTERNAL, found).vfs.remove('a', SEEN);
    expect(await outcome(holding('theirs', '"other"'))).toBe(false);
    for (const found of [ABSENT, holding('before', SEEN)]) {
      await expect(outcome(found)).rejects.toMatchObject({ effect: 'unknown' });
    }
  });

  test('that conflicts and then finds nothing is open', async () => {
    const { vfs } = answering(CONFLICT, ABSENT);
    await expect(vfs.remove('a', SEEN)).rejects.toMatchObject({ effect: 'unknown' });
  });

  test('B5: that conflicts again and again is an error in the end, as nobody else was seen to have it', async () => {
    const script = new Scripted(({ method }) => (method === 'DELETE' ? CONFLICT : holding('before', SEEN)));
    const removing = s3Vfs({ bucket: 'locks', client: script.client }).remove('a', SEEN);
    await expect(removing).rejects.toMatchObject({ code: 'ERR_VFS_IO', effect: 'unknown' });
    expect(script.taken().length).toBeLessThan(20);
  });
});

test('an answer that breaks off each time is an error at the second', async () => {
  const broken = (): Readable => {
    const body = new Readable({ read: () => body.destroy(failure('ECONNRESET')) });
    return body;
  };
  const script = new Scripted(() => ({ status: 200, body: broken() }));
  const reading = s3Vfs({ bucket: 'locks', client: script.client }).read('a');
  await expect(reading).rejects.toMatchObject({ code: 'ERR_VFS_IO', effect: 'none' });
  expect(script.taken()).toEqual(['GET', 'GET']);
});

test('what is aborted between two requests sends no second one, and changed nothing', async () => {
  const controller = new AbortController();
  const script = new Scripted(() => {
    controller.abort();
    return { status: 200 };
  });
  const deleting = s3Vfs({ bucket: 'locks', client: script.client }).delete('a', { signal: controller.signal });
  await expect(deleting).rejects.toMatchObject({ code: 'ERR_VFS_ABORTED', effect: 'none' });
  expect(script.taken()).toEqual(['HEAD']);
});

describe('Amazon S3', () => {
  test('needs no proof, and is told each condition as it was read, quotes and all', async () => {
    const { vfs, script } = answering({ status: 200 });
    await vfs.create('a', DATA);
    await vfs.replace('a', SEEN, DATA);
    await vfs.remove('a', SEEN);
    const conditions = script.seen.map(({ method, headers }) => [
      method,
      headers['if-none-match'],
      headers['if-match'],
    ]);
    expect(conditions).toEqual([
      ['PUT', '*', undefined],
      ['PUT', undefined, SEEN],
      ['DELETE', undefined, SEEN],
    ]);
  });

  test('a client that was handed in is not closed', async () => {
    const { vfs, script } = answering({ status: 200 });
    await vfs.read('a');
    await vfs.close();
    expect(script.closed).toBe(false);
    expect(await vfs.read('a')).toBeDefined();
  });
});

const LIST =
  '<ListBucketResult><Contents><Key>a</Key><Size>1</Size><LastModified>2026-11-20T00:00:00Z</LastModified></Contents></ListBucketResult>';

/** A store of one object of a size, where everything succeeds. */
function obliging(size: number) {
  return ({ method, query }: Sent): Answer => {
    if (method === 'POST' && 'uploads' in query) return { status: 200, body: '<R><UploadId>u</UploadId></R>' };
    if ('list-type' in query) return { status: 200, body: LIST };
    if (method === 'HEAD' && size > 8) return refusal(404, 'NotFound');
    return { status: 200, headers: { 'content-length': String(size) }, body: method === 'GET' ? 'x' : '<R/>' };
  };
}

describe('who pays, and whose the bucket must be', () => {
  const LARGE = 20 * 1024 * 1024;
  const calls: readonly (readonly [string, number, (vfs: S3Vfs) => Promise<unknown>, readonly string[]])[] = [
    ['read', 1, (vfs) => vfs.read('a'), ['GET']],
    ['readStream', 1, (vfs) => vfs.readStream('a').toArray(), ['GET']],
    ['stat', 1, (vfs) => vfs.stat('a'), ['HEAD']],
    ['list', 1, (vfs) => Readable.from(vfs.list('')).toArray(), ['GET']],
    ['create', 1, (vfs) => vfs.create('a', DATA), ['PUT']],
    ['replace', 1, (vfs) => vfs.replace('a', SEEN, DATA), ['PUT']],
    ['remove', 1, (vfs) => vfs.remove('a', SEEN), ['DELETE']],
    ['delete', 1, (vfs) => vfs.delete('a'), ['HEAD', 'DELETE']],
    ['write', 1, (vfs) => vfs.write('a', DATA), ['PUT']],
    ['write in parts', 1, (vfs) => vfs.write('a', Buffer.alloc(LARGE)), ['POST', 'PUT', 'PUT', 'PUT', 'POST']],
    ['move', 1, (vfs) => vfs.move('a', 'b'), ['GET', 'PUT', 'DELETE']],
    ['move in parts', LARGE, (vfs) => vfs.move('a', 'b'), ['GET', 'HEAD', 'POST', 'PUT', 'POST', 'DELETE']],
  ];
  const options: Partial<S3VfsOptions> = { requesterPays: true, expectedBucketOwner: '123456789012' };

  test.each(calls)('goes with every request: %s', async (_verb, size, call, requests) => {
    const script = new Scripted(obliging(size));
    await call(s3Vfs({ bucket: 'locks', client: script.client, ...options }));
    for (const { headers } of script.seen) {
      expect(headers).toMatchObject({
        'x-amz-request-payer': 'requester',
        'x-amz-expected-bucket-owner': '123456789012',
      });
    }
    expect(script.taken()).toEqual(requests);
  });

  test('goes with the request that gives up an upload, too', async () => {
    const script = new Scripted((sent) => (sent.method === 'PUT' ? refusal(400, 'EntityTooLarge') : obliging(1)(sent)));
    const vfs = s3Vfs({ bucket: 'locks', client: script.client, ...options });
    await expect(vfs.write('a', Buffer.alloc(LARGE))).rejects.toThrow();
    expect(script.seen.map(({ method, query }) => [method, query.uploadId])).toContainEqual(['DELETE', 'u']);
    for (const { headers } of script.seen) expect(headers).toMatchObject({ 'x-amz-request-payer': 'requester' });
  });
});

describe('what the store says', () => {
  const told: readonly (readonly [string, Answer, string, string])[] = [
    [
      'a bucket elsewhere',
      refusal(301, 'PermanentRedirect'),
      'ERR_VFS_IO',
      'the bucket is in another region: set AWS_REGION',
    ],
    ['nobody known', refusal(401, 'Unauthorized'), 'ERR_VFS_DENIED', 'the least policy for this is'],
    ['an old token', refusal(400, 'ExpiredToken'), 'ERR_VFS_DENIED', '400 ExpiredToken: ExpiredToken it is'],
    ['a key nobody knows', refusal(403, 'InvalidAccessKeyId'), 'ERR_VFS_DENIED', '403 InvalidAccessKeyId'],
    ['not done here', refusal(501, 'NotImplemented'), 'ERR_VFS_UNSUPPORTED', '501 NotImplemented'],
    ['no bucket', refusal(404, 'NoSuchBucket'), 'ERR_VFS_NOT_FOUND', 'there is no bucket locks'],
    ['something new', refusal(418, 'Teapot'), 'ERR_VFS_IO', 'the store answers 418 Teapot: Teapot it is'],
  ];

  test.each(told)('%s', async (_what, answer, code, words) => {
    const { vfs } = answering(answer);
    const error: unknown = await vfs.create('a', DATA).catch((e: unknown) => e);
    expect(error).toMatchObject({ code, effect: 'none' });
    expect(String(error)).toContain('cannot create s3://locks/a: ');
    expect(String(error)).toContain(words);
  });

  test('credentials that are refused are no matter of a policy', async () => {
    const { vfs } = answering(refusal(403, 'SignatureDoesNotMatch'));
    await expect(vfs.read('a')).rejects.not.toThrow('least policy');
  });

  test('credentials that cannot be found are named as what is missing', async () => {
    const credentials = () => Promise.reject(Object.assign(new Error('nowhere'), { name: 'CredentialsProviderError' }));
    const { client } = new Scripted(() => ({ status: 200 }), { credentials });
    const error: unknown = await s3Vfs({ bucket: 'locks', client })
      .create('a', DATA)
      .catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'ERR_VFS_DENIED', effect: 'none' });
    expect(String(error)).toContain('no credentials: nowhere');
  });
});
