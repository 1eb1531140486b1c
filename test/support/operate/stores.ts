import { lutimesSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import { Volume } from 'memfs';
import { afterAll, beforeAll, beforeEach, describe } from 'vitest';

import { memVfs } from '../../../src/backends/mem/index.js';
import { localVfs, type Vfs } from '../../../src/index.js';

/** A folder in some store that a test has to itself. */
export interface Place {
  readonly vfs: Vfs;
  /** The folder's path in the store. */
  readonly path: string;
  /** A location that is not there. */
  readonly nowhere: Pick<Place, 'vfs' | 'path'>;
  /** Another way into the same store, as from another machine. */
  readonly rival: () => Vfs;
  /** The same folder on this machine's disk, where it is one. */
  readonly disk: string | undefined;
  /** Makes a file older, as if it was written that many milliseconds before. */
  readonly age: (name: string, ms: number) => void;
}

/** How a store differs from others in what an operator sees. */
export interface Traits {
  /** Whether its folders stand on this machine's disk. */
  readonly onDisk: boolean;
  /** Whether a folder is there or not; else any is, and empty until a file is in it. */
  readonly hasFolders: boolean;
  /** The longest name that a file can have, in bytes. */
  readonly nameBytes: number;
  /** Names that no file can have. */
  readonly refuses: RegExp;
  /** Whether what it does is plain from what it is, and need not be believed. */
  readonly promised: boolean;
  /** Whether a policy refuses to change a lock without a condition on its version. */
  readonly isPoliced?: boolean;
  /** How many locks are many here, for the time it takes to make them. */
  readonly many: number;
}

export interface StoreKind extends Traits {
  readonly name: string;
  /** What is missing on this machine to test it. */
  readonly lacking: string | undefined;
  readonly start: () => Promise<Store>;
}

export interface Store {
  readonly place: () => Place;
  readonly stop: () => Promise<void>;
}

export const FOLDERS: Traits = {
  ...{ onDisk: true, hasFolders: true, nameBytes: 255, refuses: /\0/ },
  ...{ promised: true, many: 1000 },
};

const mem: StoreKind = {
  ...FOLDERS,
  onDisk: false,
  name: 'memory',
  lacking: undefined,
  start: () =>
    Promise.resolve({
      place: () => {
        const volume = new Volume();
        const vfs = memVfs({ volume });
        const age = (name: string, ms: number): void => {
          const seconds = (Date.now() - ms) / 1000;
          volume.utimesSync(`/folder/${name}`, seconds, seconds);
        };
        const nowhere = { vfs, path: 'folder/nowhere' };
        return { vfs, path: 'folder', nowhere, rival: () => memVfs({ volume }), disk: undefined, age };
      },
      stop: () => Promise.resolve(),
    }),
};

function local(name: string, hardLinks: boolean): StoreKind {
  return {
    ...FOLDERS,
    name,
    lacking: undefined,
    start: () => {
      const root = mkdtempSync(join(tmpdir(), 'vfs-lockfile-operate-'));
      const rival = (): Vfs => localVfs({ root, hardLinks });
      return Promise.resolve({
        place: () => {
          const disk = mkdtempSync(join(root, 'place-'));
          return onDisk(rival, disk);
        },
        // A call that somebody gave up may still make a file.
        stop: () => rm(root, { recursive: true, force: true, maxRetries: 10 }),
      });
    },
  };
}

export function onDisk(rival: () => Vfs, disk: string, vfs = rival()): Place {
  const path = basename(disk);
  return { vfs, path, nowhere: { vfs, path: `${path}/nowhere` }, rival, disk, age: ageing(disk) };
}

function ageing(disk: string): Place['age'] {
  return (name, ms) => {
    const time = new Date(Date.now() - ms);
    lutimesSync(join(disk, name), time, time);
  };
}

/** The stores of files in folders that need no server. */
export const stores: readonly StoreKind[] = [mem, local('the disk', true), local('the disk without links', false)];

export type Suite = (place: () => Place, kind: StoreKind) => void;

/** Runs the tests on each store, each test in an empty folder of its own. */
export function onEachStore(kinds: readonly StoreKind[], ...suites: readonly Suite[]): void {
  for (const kind of kinds) {
    describe.skipIf(kind.lacking !== undefined)(`${kind.name}${kind.lacking ? `: ${kind.lacking}` : ''}`, () => {
      let store: Store;
      let place: Place;
      beforeAll(async () => void (store = await kind.start()));
      afterAll(() => store.stop());
      beforeEach(async () => {
        place = store.place();
        // Where folders come into being with their first file.
        await place.vfs.write(`${place.path}/first`, Buffer.from(''));
        await place.vfs.delete(`${place.path}/first`);
      });
      for (const suite of suites) suite(() => place, kind);
    });
  }
}
