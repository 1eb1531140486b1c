import { describe, expect, test } from 'vitest';

import { s3Vfs, type S3Vfs } from '../../../../src/backends/s3/index.js';
import { refusal, Scripted, type Answer, type Sent } from './scripted.js';

const DATA = Buffer.from('ours');
const REFUSED = refusal(412, 'PreconditionFailed');

/** How a store judges a condition: whether the write may go on. */
interface Rules {
  readonly creates: (present: string | undefined) => boolean;
  readonly replaces: (present: string | undefined, wanted: string) => boolean;
}

const SOUND: Rules = {
  creates: (present) => present === undefined,
  replaces: (present, wanted) => present === wanted,
};

/** A store that is not AWS, and holds what it is given by its own rules; whose n-th answer may be another. */
class Pretender {
  readonly objects = new Map<string, string>();
  readonly script: Scripted;
  readonly vfs: S3Vfs;
  readonly #rules: Rules;
  #serial = 0;
  /** Whether it keeps versions, and then heeds no condition. */
  versioned = false;

  constructor(rules: Partial<Rules>, instead: Readonly<Record<number, Answer | undefined>> = {}) {
    this.#rules = { ...SOUND, ...rules };
    const answer = (sent: Sent, number: number): Answer | undefined =>
      number in instead ? instead[number] : this.#obey(sent);
    this.script = new Scripted(answer, { endpoint: 'http://store.example', forcePathStyle: true });
    this.vfs = s3Vfs({ bucket: 'locks', client: this.script.client });
  }

  #obey({ method, path, headers }: Sent): Answer {
    const present = this.objects.get(path);
    if (method === 'DELETE') {
      this.objects.delete(path);
      return { status: 204 };
    }
    const wanted = headers['if-match'];
    const { creates, replaces } = this.#rules;
    if (!this.versioned && !(wanted === undefined ? creates(present) : replaces(present, wanted))) return REFUSED;
    const etag = `"${String((this.#serial += 1))}"`;
    this.objects.set(path, etag);
    return { status: 200, headers: { etag, ...(this.versioned ? { 'x-amz-version-id': etag } : {}) } };
  }
}

const bare = (etag: string | undefined): string | undefined => etag?.replaceAll('"', '');
const PROOF = ['PUT', 'PUT', 'PUT', 'PUT', 'DELETE'];

describe('the proof that a store keeps conditions', () => {
  test('takes a store that wants its ETags as it tells them with five requests, and leaves nothing behind', async () => {
    const store = new Pretender({});
    const written = await store.vfs.create('a', DATA);
    expect(store.script.taken()).toEqual([...PROOF, 'PUT']);
    expect([...store.objects.keys()]).toEqual(['/locks/a']);
    expect(await store.vfs.replace('a', written!.version, DATA)).toBeDefined();
    expect(store.script.seen.at(-1)?.headers['if-match']).toBe(written!.version);
  });

  test('takes a store that wants them bare', async () => {
    const store = new Pretender({ replaces: (present, wanted) => bare(present) === wanted });
    const written = await store.vfs.create('a', DATA);
    expect(await store.vfs.replace('a', written!.version, DATA)).toBeDefined();
    expect(await store.vfs.replace('a', written!.version, DATA)).toBeUndefined();
  });

  const liars: readonly (readonly [string, Partial<Rules>])[] = [
    ['refuses a create of a new object', { creates: () => false }],
    ['does a second create of one object in spite of the condition', { creates: () => true }],
    ['does a stale overwrite in spite of the condition', { replaces: () => true }],
    ['refuses an overwrite of the present version', { replaces: () => false }],
  ];
  test.each(liars)('finds a store that %s, each time, and leaves nothing behind', async (words, rules) => {
    const store = new Pretender(rules);
    for (let tries = 0; tries < 2; tries += 1) {
      const error: unknown = await store.vfs.create('a', DATA).catch((e: unknown) => e);
      expect(error).toMatchObject({ code: 'ERR_VFS_UNSUPPORTED', effect: 'none' });
      expect(String(error)).toContain(words);
    }
    expect([...store.objects.keys()]).toEqual([]);
  });

  test('that meets a conflict is made anew', async () => {
    const store = new Pretender({}, { 3: refusal(409, 'ConditionalRequestConflict') });
    expect(await store.vfs.create('a', DATA)).toBeDefined();
  });

  test('is not tried over and over where there is no bucket', async () => {
    const missing = refusal(404, 'NoSuchBucket');
    const store = new Pretender({}, { 1: missing });
    const error: unknown = await store.vfs.create('a', DATA).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'ERR_VFS_NOT_FOUND', effect: 'none' });
    expect(String(error)).toContain('there is no bucket locks');
    expect(store.script.taken()).toEqual(['PUT', 'DELETE']);
  });

  test('is awaited by nobody who was told to stop, and goes on for the others', async () => {
    const store = new Pretender({}, { 1: undefined });
    const error: unknown = await store.vfs
      .create('a', DATA, { signal: AbortSignal.timeout(50) })
      .catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'ERR_VFS_ABORTED', effect: 'none' });
  });

  test('goes beside the object, or to the root where the key is too long for that', async () => {
    const store = new Pretender({});
    await store.vfs.create('folder/a', DATA);
    expect(store.script.seen[0]?.path).toMatch(/^\/locks\/folder\/\.vfs-lockfile-[0-9a-f]+$/);
    const deep = new Pretender({});
    await deep.vfs.create(`${'k'.repeat(1010)}/a`, DATA);
    expect(deep.script.seen[0]?.path).toMatch(/^\/locks\/\.vfs-lockfile-[0-9a-f]+$/);
  });

  test('is made anew by all who write once versions were turned on, and each takes back what it wrote', async () => {
    const store = new Pretender({});
    await store.vfs.create('a', DATA);
    store.versioned = true;
    store.script.taken();
    const writes = ['b', 'c', 'd'].map((name) => store.vfs.create(name, DATA));
    for (const write of writes)
      await expect(write).rejects.toMatchObject({ code: 'ERR_VFS_UNSUPPORTED', effect: 'none' });
    const takenBack = store.script.seen.filter(
      ({ method, query }) => method === 'DELETE' && query.versionId !== undefined,
    );
    expect(takenBack.map(({ path }) => path).sort()).toEqual(['/locks/b', '/locks/c', '/locks/d']);
    store.versioned = false;
    expect(await store.vfs.create('e', DATA)).toBeDefined();
  });
});
