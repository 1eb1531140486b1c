import { describe, expect, it } from 'vitest';

import {
  collect,
  commitObject,
  type CommitMarks,
  type CommitRequests,
} from '../../../src/backends/shared/bucket/commit.js';
import { VfsError } from '../../../src/index.js';
import type { Version } from '../../../src/vfs/vfs.js';

interface Stored {
  readonly version: Version;
  readonly marks: CommitMarks;
  readonly data: string;
}

/** One object of a bucket, and the writes that are to go wrong. */
class Bucket implements CommitRequests {
  object: Stored | undefined;
  writes = 0;
  /** Runs before a write arrives. */
  before: (() => void) | undefined;
  /** The answer of the next write gets lost, after it arrived or before. */
  lost: 'answer' | 'request' | undefined;

  put(_key: string, version: Version | undefined, data: Uint8Array, _signal: unknown, marks: CommitMarks) {
    this.before?.();
    this.before = undefined;
    const fits = this.object?.version === version;
    const { lost } = this;
    this.lost = undefined;
    if (fits && lost !== 'request') this.store(Buffer.from(data).toString(), marks);
    if (lost) return Promise.reject(new VfsError('ERR_VFS_IO', 'no answer', { effect: 'unknown' }));
    return Promise.resolve(fits && this.object ? { version: this.object.version } : undefined);
  }

  store(data: string, marks: CommitMarks): void {
    this.writes += 1;
    this.object = { data, marks, version: String(this.writes) as Version };
  }

  marked() {
    return Promise.resolve(this.object);
  }
}

const KEY = 'data.csv';
const marks = (token: string): CommitMarks => ({ 'vfs-lockfile-token': token });

const commit = (bucket: Bucket, token = 7n, isHeld = true) =>
  commitObject(bucket, KEY, Buffer.from('ours'), { token, isHeld: () => Promise.resolve(isHeld), signal: undefined });

describe('a commit to a bucket', () => {
  it('overwrites nothing, strangers, lower tokens and its own, and marks what it writes', async () => {
    for (const before of [undefined, {}, marks('6'), marks('7')]) {
      const bucket = new Bucket();
      if (before) bucket.store('old', before);
      expect(await commit(bucket)).toEqual({ isCommitted: true });
      expect(bucket.object).toMatchObject({ data: 'ours', marks: marks('7') });
    }
  });

  it('never overwrites a higher token, also one that comes between the look and the write', async () => {
    const bucket = new Bucket();
    bucket.store('theirs', marks('8'));
    expect(await commit(bucket)).toEqual({ isCommitted: false, token: 8n });
    const raced = new Bucket();
    raced.before = () => raced.store('theirs', marks('9'));
    expect(await commit(raced)).toEqual({ isCommitted: false, token: 9n });
    expect(raced.object?.data).toBe('theirs');
  });

  it("is refused where the lock is somebody else's, though nothing higher was written yet", async () => {
    const bucket = new Bucket();
    expect(await commit(bucket, 7n, false)).toEqual({ isCommitted: false });
    expect(bucket.object).toBeUndefined();
  });

  it('is settled by reading when its answer gets lost', async () => {
    for (const lost of ['answer', 'request'] as const) {
      const bucket = new Bucket();
      bucket.lost = lost;
      expect(await commit(bucket)).toEqual({ isCommitted: true });
      expect([bucket.writes, bucket.object?.data]).toEqual([1, 'ours']);
    }
  });

  it.each(['-1', '0', 'seven', '7.0', ''])('does not guess what the token %j in the metadata means', async (bad) => {
    const bucket = new Bucket();
    bucket.store('old', marks(bad));
    await expect(commit(bucket)).rejects.toMatchObject({ code: 'ERR_VFS_IO' });
    expect(bucket.object?.data).toBe('old');
  });

  it('gives up where others write again and again', async () => {
    const bucket = new Bucket();
    const again = (): void => {
      bucket.store('strangers', {});
      queueMicrotask(() => (bucket.before = again));
    };
    bucket.before = again;
    await expect(commit(bucket)).rejects.toMatchObject({ code: 'ERR_VFS_CHANGED' });
  });

  it('keeps at most 64 MiB of a stream', async () => {
    const piece = new Uint8Array(16 * 1024 * 1024);
    async function* pieces(count: number): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < count; i += 1) yield await Promise.resolve(piece);
    }
    expect((await collect(KEY, pieces(4), undefined)).length).toBe(64 * 1024 * 1024);
    await expect(collect(KEY, pieces(5), undefined)).rejects.toMatchObject({ code: 'ERR_VFS_UNSUPPORTED' });
  });
});
