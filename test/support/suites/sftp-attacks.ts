import { chmodSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';

import { afterEach, beforeEach, describe, test } from 'vitest';

import { sweep } from '../../../src/admin/index.js';
import { Lockfile, VfsFile, type Vfs } from '../../../src/index.js';
import type { User } from '../users/other-users.js';
import { Ground, LONG_MS, OTHERS, SWEPT, whileSwapped, withSwappedFolders } from './attack-rounds.js';

const mayActAsOthers = process.getuid?.() === 0;

/** A way to a server that acts as one user on this machine. */
export interface Way {
  readonly through: (options: { readonly root: string }) => Vfs;
  readonly close: () => Promise<void>;
}

export interface Attacked {
  readonly title: string;
  /** The user whose files the attacker wants: the one that the server acts as. */
  readonly victim: User;
  /** Undefined: the server is there. */
  readonly lacking: string | undefined;
  readonly open: () => Promise<Way>;
  readonly rounds: { readonly cycled: number; readonly swept: number };
}

/** The attacks among strangers on locks over SFTP. On the way to a folder that only root may enter an attacker would stop. */
export function sftpAttacksSuite({ title, victim, lacking, open, rounds }: Attacked): void {
  const name = `among strangers, over SFTP (needs root), victim: ${title}${lacking === undefined ? '' : `: ${lacking}`}`;
  describe.skipIf(lacking !== undefined || !mayActAsOthers)(name, () => {
    let [way, ground]: [Way | undefined, Ground | undefined] = [undefined, undefined];
    const enter = async (): Promise<readonly [Vfs, Ground]> => {
      const entered = [(way = await open()), (ground = new Ground())] as const;
      ground.moveIn(victim);
      return [entered[0].through({ root: ground.shared }), ground];
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
        const [vfs, here] = await enter();
        await withSwappedFolders(here, async () => {
          for (let round = 0; round < rounds.cycled; round += 1) {
            const lock = new Lockfile(new VfsFile(vfs, `data-${String(round)}.csv`), { ttl: '30s', renew: false });
            await cycle(lock);
            clearLinks(here.shared);
          }
        });
      },
    );

    test("S3: sweeping unlinks no other program's file outside a private folder", { timeout: LONG_MS }, async () => {
      const [vfs, here] = await enter();
      chmodSync(here.shared, 0o1777);
      await whileSwapped(here, { rounds: rounds.swept, decoys: SWEPT, entries: 20, kept: OTHERS }, async (isOver) => {
        while (!isOver()) {
          await Promise.allSettled([sweep({ vfs, path: '' })]);
          await turn();
        }
      });
    });
  });
}

/** The attacker may hinder, and no more. */
async function cycle(lock: Lockfile): Promise<void> {
  await lock
    .acquire({ wait: 0 })
    .then(() => lock.renew())
    .catch(() => undefined);
  await lock.release().catch(() => undefined);
}

/** So that the next round makes folders of its own. */
function clearLinks(folder: string): void {
  for (const name of readdirSync(folder).filter((found) => /^\.vfs-lockfile-|^away/.test(found))) {
    try {
      rmSync(join(folder, name), { recursive: true, force: true });
    } catch {
      // The attacker has just swapped it.
    }
  }
}
