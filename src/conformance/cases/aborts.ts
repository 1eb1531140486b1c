import { setImmediate } from 'node:timers';
import { ok, strictEqual } from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

import { VfsError } from '../../vfs/errors.js';
import type { CallOptions, Vfs, Version } from '../../vfs/vfs.js';
import { SWAPS, WRITES, type Behaviour } from '../behaviour.js';
import { absent, bytes, created, filler, found, fresh, holds, listed, listsExactly, refusal } from '../tools.js';

function callsWith(
  vfs: Vfs,
  path: (name: string) => string,
  version: Version,
  options: CallOptions,
): readonly (readonly [string, () => Promise<unknown>])[] {
  return [
    ['read', () => vfs.read(path('a'), options)],
    ['create', () => vfs.create(path('b'), fresh(), options)],
    ['replace', () => vfs.replace(path('a'), version, fresh(), options)],
    ['remove', () => vfs.remove(path('a'), version, options)],
    ['stat', () => vfs.stat(path('a'), options)],
    ['write', () => vfs.write(path('a'), fresh(), options)],
    ['move', () => vfs.move(path('a'), path('b'), options)],
    ['delete', () => vfs.delete(path('a'), options)],
    ['list', () => listed(vfs, path('folder'), options)],
  ];
}

/** Waits for part of the time that a call takes: for small numbers some turns of the event loop, then milliseconds. */
async function pauseFor(length: number): Promise<void> {
  if (length >= 10) return sleep(length - 10);
  for (let turns = 0; turns < length; turns += 1) await new Promise(setImmediate);
}

type Outcome = { readonly won: boolean } | { readonly error: VfsError };

async function outcomeOf(call: Promise<unknown>): Promise<Outcome> {
  try {
    const answer = await call;
    return { won: answer !== undefined && answer !== false };
  } catch (error) {
    ok(error instanceof VfsError, `fails with ${String(error)}, which is not a VfsError`);
    return { error };
  }
}

/** A caller that aborts a call learns what happened. */
export const aborts: readonly Behaviour[] = [
  {
    name: 'a call whose signal has aborted is refused and changes nothing',
    needs: SWAPS,
    check: async ({ vfs, path, folder }) => {
      await vfs.write(path('folder/inside'), bytes('inside'));
      const data = fresh();
      const version = await created(vfs, path('a'), data);
      const options = { signal: AbortSignal.abort(new Error('aborted by the test')) };
      for (const [verb, call] of callsWith(vfs, path, version, options)) {
        const error = await refusal(verb, call, ['ERR_VFS_ABORTED']);
        strictEqual(error.effect, 'none', verb);
      }
      await holds(vfs, path('a'), data);
      await listsExactly(vfs, folder, ['a', 'folder/inside'].map(path));
    },
  },
  {
    name: 'readStream fails when its signal aborts',
    check: async ({ vfs, path }) => {
      await vfs.write(path('a'), filler(100_000));
      const stream = async (): Promise<unknown> =>
        vfs.readStream(path('a'), { signal: AbortSignal.abort(new Error('aborted by the test')) }).toArray();
      await refusal('readStream', stream, ['ERR_VFS_ABORTED']);
    },
  },
  {
    name: 'an abort at any moment leaves the old or the new file, and the result says which',
    needs: WRITES,
    check: async ({ vfs, path, rounds }) => {
      for (let round = 0; round < rounds; round += 1) {
        // Each round has its own file: a call that ended with the effect 'unknown' may still be on its way in the next round.
        const folder = path(String(round));
        const [file, beside] = [`${folder}/a`, `${folder}/beside`];
        await vfs.write(beside, bytes('makes the folder'));
        const old = bytes(`old ${String(round)}`);
        const next = filler(100_000);
        const version = await created(vfs, file, old);
        const controller = new AbortController();
        const call = outcomeOf(vfs.replace(file, version, next, { signal: controller.signal }));
        await pauseFor(round % 20);
        controller.abort(new Error('aborted by the test'));
        const outcome = await call;
        const { data } = await found(vfs, file);
        const changed = Buffer.from(data).equals(next);
        ok(changed || Buffer.from(data).equals(old), 'the file is neither the old nor the new one');
        if ('won' in outcome) strictEqual(changed, outcome.won);
        else if (outcome.error.effect === 'none') strictEqual(changed, false, outcome.error.message);
        await listsExactly(vfs, folder, [file, beside]);
        await vfs.delete(file);
      }
    },
  },
  {
    name: 'a streamed write that is aborted half-way changes nothing, leaves nothing behind and ends at once',
    check: async ({ vfs, path, folder }) => {
      const controller = new AbortController();
      const long = async function* (): AsyncGenerator<Uint8Array> {
        for (let pieces = 0; pieces < 1000; pieces += 1) {
          await new Promise(setImmediate);
          yield filler(1000);
          if (pieces === 10) controller.abort(new Error('aborted by the test'));
        }
      };
      const write = (): Promise<void> => vfs.write(path('a'), long(), { signal: controller.signal });
      await refusal('write', write, ['ERR_VFS_ABORTED']);
      await absent(vfs, path('a'));
      await listsExactly(vfs, folder, []);
    },
  },
];
