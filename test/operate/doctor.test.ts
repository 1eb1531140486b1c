import { describe, expect, it, test } from 'vitest';

import { memVfs } from '../../src/backends/mem.js';
import { sftpVfs } from '../../src/backends/sftp.js';
import { VfsError, type Capabilities } from '../../src/index.js';
import { doctor, type Diagnosis } from '../../src/operate/index.js';
import { missing, rclone, startServer } from '../sftp/servers.js';
import { brokenConditions } from '../stores/broken/conditions.js';
import { WrappedVfs } from '../stores/wrapped-vfs.js';
import { all, namesIn } from './locks.js';
import { onEachStore } from './stores.js';

/** What the checks of one verdict found, by their names. */
function found({ checks }: Diagnosis, verdict: string): Record<string, string> {
  return Object.fromEntries(
    checks.filter((check) => check.verdict === verdict).map((check) => [check.name, check.found]),
  );
}

onEachStore((place) => {
  describe('doctor', () => {
    it('finds a sound store safe, tells its clock and its round trips, and leaves nothing behind', async () => {
      const told: string[] = [];
      const diagnosis = await doctor(place(), { onCheck: ({ name }) => void told.push(name) });
      expect([found(diagnosis, 'wrong'), found(diagnosis, 'failed'), found(diagnosis, 'none')]).toEqual([{}, {}, {}]);
      expect(diagnosis).toMatchObject({ verdict: 'safe', backend: place().vfs.scheme, leftBehind: [] });
      expect(diagnosis.words[0]).toMatch(/safe here/);
      expect(diagnosis.location).toBe(place().vfs.locate(place().path));
      expect(told).toEqual(diagnosis.checks.map(({ name }) => name));
      expect(told).toContain('race of 16 creates');
      expect(Object.keys(diagnosis.roundTripMs).sort()).toEqual(['create', 'read', 'remove', 'replace']);
      for (const ms of Object.values(diagnosis.roundTripMs)) expect(ms).toBeGreaterThan(0);
      expect(Math.abs(diagnosis.clockAheadMs!)).toBeLessThan(60_000);
      expect(await namesIn(place())).toEqual([]);
    });

    it('rejects for a folder that is not there, and makes none', async () => {
      const gone = { ...place(), path: `${place().path}/nowhere` };
      await expect(doctor(gone)).rejects.toMatchObject({ code: 'ERR_VFS_NOT_FOUND' });
      expect(await namesIn(place())).toEqual([]);
    });

    it('stops when told to, and clears up all the same', async () => {
      const stop = new AbortController();
      const reason = new Error('ctrl-C');
      const onCheck = ({ name }: { readonly name: string }): void => {
        if (name === 'stale replace') stop.abort(reason);
      };
      await expect(doctor(place(), { signal: stop.signal, onCheck })).rejects.toBe(reason);
      expect(await namesIn(place())).toEqual([]);
    });

    it('says which permission is missing, and that nothing is proved', async () => {
      const denied = new VfsError('ERR_VFS_DENIED', 'cannot create: permission denied');
      const vfs = new WrappedVfs(place().vfs);
      vfs.create = () => Promise.reject(denied);
      const diagnosis = await doctor({ ...place(), vfs });
      expect(diagnosis.verdict).toBe('unproved');
      expect(diagnosis.words.join('\n')).toContain('two creates: cannot create: permission denied');
      expect(await namesIn(place())).toEqual([]);
    });
  });
});

describe('doctor catches a store that', () => {
  const CAUGHT: Readonly<Record<string, readonly string[]>> = {
    'reads, compares and writes': ['race of 16 creates', 'race of 16 replaces'],
    'never loses': ['two creates', 'stale replace', 'stale remove', 'race of 16 creates'],
    'always loses': ['two creates', 'stale replace', 'stale remove'],
    'says that it removed, and does not': ['stale remove', 'race of 16 removes'],
    'tells versions by the length': ['stale replace', 'stale remove'],
    'tells another version at each read': ['stale remove'],
  };

  test.each(Object.entries(CAUGHT))('%s', async (what, names) => {
    const broken = brokenConditions.find((each) => each.what === what);
    const vfs = broken!.make('');
    const diagnosis = await doctor({ vfs, path: '' });
    expect(diagnosis.verdict).toBe('unsafe');
    expect(diagnosis.words[0]).toMatch(/Do not lock here/);
    expect(Object.keys(found(diagnosis, 'wrong'))).toEqual(expect.arrayContaining([...names]));
    expect(diagnosis.leftBehind).toEqual([]);
    expect(await all(vfs.list('', { recursive: true }))).toEqual([]);
  });

  test('ignores the condition of one call alone', async () => {
    const right = memVfs();
    const vfs = Object.assign(new WrappedVfs(right), { remove: (path: string) => right.delete(path) });
    const diagnosis = await doctor({ vfs, path: '' });
    expect(diagnosis.verdict).toBe('unsafe');
    expect(Object.keys(found(diagnosis, 'wrong'))).toEqual(['stale remove']);
  });

  test('tells ages that are not so', async () => {
    let now = 0;
    const stopped = await doctor({ vfs: memVfs({ now: () => now }), path: '' });
    expect([stopped.verdict, Object.keys(found(stopped, 'wrong'))]).toEqual(['unsafe', ['clock']]);
    const fast = await doctor({ vfs: memVfs({ now: () => (now += 10_000) }), path: '' });
    expect([fast.verdict, Object.keys(found(fast, 'wrong'))]).toEqual(['unsafe', ['clock']]);
  });

  test('moves files over others, where locks are safe all the same', async () => {
    const right = memVfs();
    const move = async (from: string, to: string): Promise<void> => {
      await right.delete(to);
      await right.move(from, to);
    };
    const diagnosis = await doctor({ vfs: Object.assign(new WrappedVfs(right), { move }), path: '' });
    expect([diagnosis.verdict, Object.keys(found(diagnosis, 'wrong'))]).toEqual(['safe', ['moves']]);
    expect(diagnosis.words.join('\n')).toMatch(/Do not move files here/);
  });

  test('says itself that it cannot', async () => {
    class UnableVfs extends WrappedVfs {
      override get capabilities(): Capabilities {
        return { ...super.capabilities, create: 'none', replace: 'none', remove: 'none' };
      }
    }
    const diagnosis = await doctor({ vfs: new UnableVfs(memVfs()), path: '' });
    expect(diagnosis.verdict).toBe('unsafe');
    expect(Object.values(found(diagnosis, 'none'))).toContain('the store has no conditional create');
  });

  const lacking = missing(rclone);
  test.skipIf(lacking !== undefined)(
    `says yes to hard links and makes none, as rclone’s SFTP server${lacking ? `: ${lacking}` : ''}`,
    async () => {
      const server = await startServer(rclone);
      const vfs = sftpVfs(server.options);
      try {
        const diagnosis = await doctor({ vfs, path: '' });
        expect(diagnosis.verdict).toBe('unsafe');
        expect(diagnosis.words.join('\n')).toMatch(/hard link/);
        expect(await namesIn({ vfs, path: '' })).toEqual([]);
      } finally {
        vfs.close();
        await server.dispose();
      }
    },
  );
});
