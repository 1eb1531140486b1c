import { beforeEach, describe, expect, it } from 'vitest';

import { forceRelease, sweep } from '../../../src/admin/index.js';
import { inspect, list } from '../../../src/admin/index.js';
import { encodeRecord } from '../../../src/lock/model/record.js';
import { VfsFile, type Lockfile, type LockOptions } from '../../../src/index.js';
import { replyLost, type FaultyVfs } from '../../support/protocol/faulty-vfs.js';
import { FILE, Lab, lockOn, pass, useFakeTime } from '../../support/protocol/lab.js';
import { GO_RECORD } from '../../support/records.js';

useFakeTime();

let lab: Lab;
let vfs: FaultyVfs;
beforeEach(() => {
  lab = new Lab();
  vfs = lab.machine();
});

const FENCING: LockOptions = { fencing: true, ttl: '1s', renew: false };

async function held(store = vfs, options = FENCING): Promise<Lockfile> {
  const lock = lockOn(store, options);
  await lock.acquire({ wait: 0 });
  return lock;
}

/** Acquires and releases once. */
async function token(store = vfs, options = FENCING): Promise<bigint> {
  await using lock = await held(store, options);
  return lock.fencingToken;
}

/** A tombstone or lock with another token, as somebody with an editor makes it. */
function edit(fencingToken: string, released = true): void {
  lab.put(encodeRecord({ ...GO_RECORD, ttlMs: 1000, leaseMs: 1000, released, fencingToken }).toString());
}

describe('a fencing token', () => {
  it('rises over acquire, release, steal, sweep, force-release and crash, and stays over renewals', async () => {
    const tokens: bigint[] = [];
    const first = await held();
    tokens.push(first.fencingToken);
    await first.renew();
    expect([first.fencingToken, lab.record?.fencingToken]).toEqual([1n, '1']);
    await first.release();
    expect(lab.record).toMatchObject({ released: true, fencingToken: '1' });
    tokens.push(await token(lab.machine()));
    const crashed = await held(lab.machine());
    tokens.push(crashed.fencingToken);
    await pass(2000);
    const thief = await held();
    tokens.push(thief.fencingToken);
    expect(thief.reclaimedFrom).toMatchObject({ reason: 'expired', fencingToken: '3' });
    expect(await crashed.release()).toBe(false);
    await pass(2000);
    expect(await sweep({ vfs: lab.machine(), path: '' })).toMatchObject({ released: 1, removed: 0 });
    expect(await sweep({ vfs: lab.machine(), path: '' }, { olderThan: 0 })).toMatchObject({
      reasons: { tombstone: 1 },
    });
    const next = await held(lab.machine());
    tokens.push(next.fencingToken);
    expect(await forceRelease(new VfsFile(vfs, FILE), { expect: next.record?.lockId ?? '' })).toBe(true);
    tokens.push(await token(lab.machine()));
    expect(tokens).toEqual([1n, 2n, 3n, 4n, 5n, 6n]);
  });

  it('rises when the answers to an acquisition, a renewal and a release get lost', async () => {
    await token();
    vfs.next('replace', replyLost, replyLost, replyLost);
    const lock = await held();
    await lock.renew();
    expect([lock.fencingToken, lab.record?.fencingToken]).toEqual([2n, '2']);
    await lock.release();
    expect(await token(lab.machine())).toBe(3n);
  });

  it('costs one request to acquire again, two to acquire cold, one to renew and one to release', async () => {
    const cost = async (work: () => Promise<unknown>): Promise<readonly string[]> => {
      vfs.calls.length = 0;
      await work();
      return [...vfs.calls];
    };
    const lock = lockOn(vfs, FENCING);
    expect(await cost(() => lock.acquire())).toEqual(['read', 'create']);
    expect(await cost(() => lock.renew())).toEqual(['replace']);
    expect(await cost(() => lock.release())).toEqual(['replace']);
    expect(await cost(() => lock.acquire())).toEqual(['replace']);
    await lock.release();
    await token(lab.machine());
    expect(await cost(() => token())).toEqual(['replace', 'read', 'replace', 'replace']);
    await token(lab.machine());
    vfs = lab.machine();
    expect(await cost(() => token())).toEqual(['read', 'replace', 'replace']);
  });

  it('of a lock that is given no fencing, or was never acquired, is an error', async () => {
    const lock = lockOn(vfs);
    expect(() => lock.fencingToken).toThrow(expect.objectContaining({ code: 'ERR_LOCK_NOT_HELD' }));
    await lock.acquire();
    expect(() => lock.fencingToken).toThrow(/fencing: true/);
    await lock.release();
    expect(lab.bytes).toBeUndefined();
  });

  it('is found by inspect, also when the lock is free', async () => {
    await token();
    expect(await inspect(new VfsFile(vfs, FILE))).toMatchObject({ state: 'released', fencingToken: 1n });
    const found = [];
    for await (const each of list({ vfs, path: '' })) found.push(each.fencingToken);
    expect(found).toEqual([1n]);
    lab.put(undefined);
    expect(await inspect(new VfsFile(vfs, FILE))).toMatchObject({ state: 'free', fencingToken: undefined });
  });
});

describe('a mixed fleet', () => {
  const PLAIN: LockOptions = { ttl: '1s', renew: false };

  it('does not lose the count where a lock without fencing comes in between, by acquiring, stealing and crashing', async () => {
    await token();
    const plain = await held(lab.machine(), PLAIN);
    expect(lab.record).toMatchObject({ released: false, fencingToken: '2' });
    await plain.release();
    expect(lab.record).toMatchObject({ released: true, fencingToken: '2' });
    expect(await token(lab.machine())).toBe(3n);
    await held(lab.machine());
    await pass(2000);
    await held(lab.machine(), PLAIN);
    expect(lab.record).toMatchObject({ released: false, fencingToken: '5' });
    await pass(2000);
    expect(await token(lab.machine())).toBe(6n);
  });

  it('begins to count where a lock had none, held or released', async () => {
    await held(lab.machine(), PLAIN);
    await pass(2000);
    expect(await token()).toBe(1n);
    edit('');
    expect(await token(lab.machine())).toBe(1n);
  });
});

describe('a lock file that somebody edits', () => {
  it.each(['9223372036854775808', '-7', '0', '07', 'seven', '7.5', '١', ' 7', '9'.repeat(5000)])(
    'so that its token is %j is an error for those who need a token, and is left alone',
    async (bad) => {
      edit(bad);
      const before = lab.bytes;
      const error = await held().catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ name: 'LockTokenError', code: 'ERR_LOCK_TOKEN', reason: 'unusable' });
      expect((error as Error).message.length).toBeLessThan(400);
      expect(lab.bytes).toBe(before);
      expect(await inspect(new VfsFile(vfs, FILE))).toMatchObject({ state: 'released', fencingToken: undefined });
      // Who needs none neither repairs nor loses it.
      await (await held(lab.machine(), { ttl: '1s' })).release();
      expect(lab.record).toMatchObject({ released: true, fencingToken: bad });
      edit('41');
      expect(await token()).toBe(42n);
    },
  );

  it('is believed once its token is repaired, also by the process that released the lock with the bad one', async () => {
    edit('seven');
    await (await held(vfs, { ttl: '1s' })).release();
    edit('41');
    expect(await token()).toBe(42n);
  });

  it('so that its token is the last one gives no other, and does not begin again', async () => {
    edit(String(2n ** 63n - 2n));
    expect(await token()).toBe(2n ** 63n - 1n);
    await expect(held()).rejects.toMatchObject({ code: 'ERR_LOCK_TOKEN', reason: 'exhausted' });
    await expect(held(lab.machine())).rejects.toMatchObject({ code: 'ERR_LOCK_TOKEN', reason: 'exhausted' });
  });

  it('so that its token is a JSON number belongs to no program of ours', async () => {
    edit('7');
    lab.put(lab.bytes?.replace('"7"', '7'));
    await expect(held()).rejects.toMatchObject({ code: 'ERR_LOCK_FOREIGN' });
  });

  it('so that its token is lower, or gone, or the file is gone, does not make this process repeat one', async () => {
    edit('7');
    expect(await token()).toBe(8n);
    edit('3');
    expect(await token()).toBe(9n);
    edit('');
    expect(await token()).toBe(10n);
    lab.put(undefined);
    expect(await token()).toBe(11n);
  });

  it('so that it is torn is an error after it went stale, and a lock before', async () => {
    edit('7');
    lab.put(lab.bytes?.slice(0, 40));
    await expect(held()).rejects.toMatchObject({ code: 'ERR_LOCK_HELD' });
    await pass(2000);
    await expect(held()).rejects.toMatchObject({ code: 'ERR_LOCK_TOKEN', reason: 'unreadable' });
    expect(lab.bytes).toHaveLength(40);
  });
});
