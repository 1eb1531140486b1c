import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { VfsFile, withLock } from '../../../src/index.js';
import { startJournal } from '../../../src/journal/index.js';
import { fileName, writerName } from '../../../src/journal/place.js';
import { userName } from '../../../src/util/user-name.js';
import { Scene } from './scene.js';
import { missing, openSsh } from './servers.js';

const lacking = missing(openSsh);

describe.skipIf(lacking !== undefined)(
  `S3: a journal among strangers over SFTP${lacking ? `: ${lacking}` : ''}`,
  () => {
    let scene: Scene;
    let folder: string;
    let victim: string;
    beforeEach(async () => {
      scene = await Scene.open(openSsh);
      folder = join(scene.folder, 'jobs', '.vfs-lockfile-journal');
      victim = join(scene.folder, 'victim');
      mkdirSync(join(scene.folder, 'jobs'));
      mkdirSync(victim);
      writeFileSync(join(victim, 'precious'), 'precious');
    });
    afterEach(() => scene.close());

    async function journalOneLock(): Promise<readonly string[]> {
      const errors: string[] = [];
      const location = { vfs: scene.vfs, path: 'jobs' };
      const journal = await startJournal(location, { onError: ({ message }) => errors.push(message) });
      await withLock(new VfsFile(scene.vfs, 'jobs/a'), () => {});
      await journal.close();
      expect(readdirSync(victim)).toEqual(['precious']);
      expect(readFileSync(join(victim, 'precious'), 'utf8')).toBe('precious');
      return errors;
    }

    test('is not appended to a link, where others may write to its folder: each write is a new file', async () => {
      mkdirSync(folder);
      chmodSync(folder, 0o777);
      const today = fileName(writerName(hostname(), userName()), new Date());
      symlinkSync(join(victim, 'precious'), join(folder, today));
      expect(await journalOneLock()).toEqual([]);
      const written = readdirSync(folder).filter((name) => name !== today);
      expect(written).toHaveLength(1);
      expect(readFileSync(join(folder, String(written[0])), 'utf8')).toMatch(/"acquire".*\n.*"release".*\n$/);
    });

    test('is not written through a link in the place of its folder', async () => {
      symlinkSync(victim, folder);
      expect(await journalOneLock()).toEqual([expect.stringMatching(/symbolic link/)]);
    });
  },
);
