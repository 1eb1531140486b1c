import { describe, expect, it } from 'vitest';

import { VfsError } from '../../../../src/index.js';
import { doctor, type Diagnosis } from '../../../../src/admin/index.js';
import { WrappedVfs } from '../../stores/wrapped-vfs.js';
import { keepsTombstones, namesIn } from '../locks.js';
import type { Suite } from '../stores.js';

/** What the checks of one verdict found, by their names. */
export function found({ checks }: Diagnosis, verdict: string): Record<string, string> {
  return Object.fromEntries(
    checks.filter((check) => check.verdict === verdict).map((check) => [check.name, check.found]),
  );
}

export const doctorSuite: Suite = (place, kind) => {
  describe('doctor', () => {
    it('finds a sound store safe, tells its clock and its round trips, and leaves nothing behind', async () => {
      const told: string[] = [];
      const diagnosis = await doctor(place(), { onCheck: ({ name }) => void told.push(name) });
      expect([found(diagnosis, 'wrong'), found(diagnosis, 'failed')]).toEqual([{}, {}]);
      const unable = keepsTombstones(place().vfs)
        ? [
            'stale remove',
            'renewal, release, takeover',
            'long names',
            'race of 16 removes',
            'race of 16 replaces and removes',
          ]
        : [];
      expect(Object.keys(found(diagnosis, 'none'))).toEqual(unable);
      expect(found(diagnosis, 'note')['writes by strangers']).toMatch(
        /^a lock file can be overwritten and deleted without a condition: (every|on AWS|no policy)/,
      );
      expect(diagnosis).toMatchObject({ verdict: 'safe', backend: place().vfs.scheme, leftBehind: [] });
      expect(diagnosis.words[0]).toMatch(
        kind.promised ? /^Locks are safe here: / : /^Locks are safe here as far as tests can show: /,
      );
      const doubts = diagnosis.words.filter((each) =>
        /^This store is not (AWS|Google)'s: .* no number of tries/.test(each),
      );
      expect(doubts).toHaveLength(kind.promised ? 0 : 1);
      expect(doubts.join('').includes("your word (conditionalDelete: 'native')")).toBe(
        !kind.promised && unable.length === 0,
      );
      expect(diagnosis.location).toBe(place().vfs.locate(place().path));
      expect(told).toEqual(diagnosis.checks.map(({ name }) => name));
      expect(told).toContain('race of 16 creates');
      const timed = ['create', 'read', ...(unable.length > 0 ? [] : ['remove']), 'replace'];
      expect(Object.keys(diagnosis.roundTripMs).sort()).toEqual(timed);
      for (const ms of Object.values(diagnosis.roundTripMs)) expect(ms).toBeGreaterThan(0);
      expect(Math.abs(diagnosis.clockAheadMs!)).toBeLessThan(60_000);
      expect(await namesIn(place())).toEqual([]);
    });

    it('rejects for a location that is not there, and makes none', async () => {
      await expect(doctor(place().nowhere)).rejects.toMatchObject({ code: 'ERR_VFS_NOT_FOUND' });
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
      expect(diagnosis.words.join('\n')).toMatch(/^two creates\b.*: cannot create: permission denied$/m);
      expect(await namesIn(place())).toEqual([]);
    });
  });
};
