import { Volume } from 'memfs';
import { describe, expect, it } from 'vitest';

import { memVfs } from '../../../src/backends/mem/index.js';
import { inbox, type InboxOptions } from '../../../src/inbox/index.js';
import { lock, VfsFile } from '../../../src/index.js';
import { FaultyVfs, refused, requestLost, type Fault } from '../../support/protocol/faulty-vfs.js';

/** A store with two files of which somebody held the locks and died, or nobody did. */
async function storeWith(locks: 'free' | 'stale'): Promise<FaultyVfs> {
  const volume = new Volume();
  let nowMs = Date.now();
  const now = (): number => nowMs;
  const dead = memVfs({ volume, now });
  for (const name of ['a.csv', 'b.csv']) {
    const file = new VfsFile(dead, name);
    await file.write('1');
    if (locks === 'stale') await lock(file, { pid: 'none', renew: false });
  }
  nowMs += 3_600_000;
  return new FaultyVfs(memVfs({ volume, now }));
}

async function drain(vfs: FaultyVfs, until: InboxOptions['until']): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { file } of inbox({ vfs, path: '' }, { settle: 0, until, ttl: 100 })) names.push(file.name);
  return names;
}

const failures: readonly (readonly [string, Fault, object])[] = [
  ['refuses', refused, { code: 'ERR_VFS_DENIED' }],
  ['leaves open whether it did it', requestLost, { code: 'ERR_VFS_IO' }],
  ['throws an error of its own', () => Promise.reject(new Error('status 507')), { message: 'status 507' }],
];

describe.each(failures)('B5: an inbox whose store at every write %s', (_how, fault, failure) => {
  it.each([
    ['free', 'idle'],
    ['free', 'empty'],
    ['stale', 'idle'],
    ['stale', 'empty'],
  ] as const)('does not look empty: %s locks, until %s', async (locks, until) => {
    const vfs = await storeWith(locks);
    vfs.always('create', fault);
    vfs.always('replace', fault);
    await expect(drain(vfs, until)).rejects.toMatchObject(failure);
  });
});

it('B5: a lock that only its owner may replace does not end an inbox in which others can be taken', async () => {
  const vfs = await storeWith('stale');
  vfs.next('replace', refused);
  expect(await drain(vfs, 'idle')).toEqual(['b.csv']);
});
