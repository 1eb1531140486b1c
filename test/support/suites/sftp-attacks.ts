import { afterEach, beforeEach, describe, test } from 'vitest';

import type { Vfs } from '../../../src/index.js';
import { Ground, LONG_MS, withSwappedFolders } from './attack-rounds.js';

const mayActAsOthers = process.getuid?.() === 0;

/** A way to a server that runs as root on this machine. */
export interface Way {
  readonly through: (options: { readonly root: string }) => Vfs;
  readonly close: () => Promise<void>;
}

/** The attacks among strangers on locks over SFTP. On the way to a folder that only root may enter an attacker would stop. */
export function sftpAttacksSuite(
  lacking: string | undefined,
  open: () => Promise<Way>,
  rounds: { readonly swapped: number },
): void {
  const title = lacking === undefined ? '' : `: ${lacking}`;
  describe.skipIf(lacking !== undefined || !mayActAsOthers)(`among strangers, over SFTP (needs root)${title}`, () => {
    let [way, ground]: [Way | undefined, Ground | undefined] = [undefined, undefined];
    const enter = async (): Promise<readonly [Way, Ground]> => {
      const entered = [(way = await open()), (ground = new Ground())] as const;
      ground.moveIn({ uid: 0, gid: 0 });
      return entered;
    };
    beforeEach(() => {
      [way, ground] = [undefined, undefined];
    });
    afterEach(async () => {
      ground?.remove();
      await way?.close();
    });

    test(
      'S1: no mode and no owner of anything else changes, whatever is swapped for a link',
      { timeout: LONG_MS },
      async () => {
        const [{ through }, here] = await enter();
        const vfs = through({ root: here.shared });
        await withSwappedFolders(here, rounds.swapped, () => vfs);
      },
    );
  });
}
