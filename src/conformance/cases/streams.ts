import { setImmediate } from 'node:timers';
import { ok, strictEqual } from 'node:assert/strict';
import { Readable } from 'node:stream';

import type { Behaviour } from '../behaviour.js';
import { absent, bytes, filler, holds, listsExactly, sameBytes, vfsError } from '../tools.js';
import type { Vfs } from '../../vfs/vfs.js';

async function streamed(vfs: Vfs, path: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of vfs.readStream(path)) {
    ok(chunk instanceof Uint8Array, `a chunk is a ${typeof chunk}`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function* pieces(data: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  yield new Uint8Array();
  for (let at = 0; at < data.byteLength; at += size) {
    await new Promise(setImmediate);
    yield data.subarray(at, at + size);
  }
}

async function* brokenAfter(data: Uint8Array, error: Error): AsyncGenerator<Uint8Array> {
  yield* pieces(data, 1000);
  throw error;
}

/** Files that are written and read in pieces. */
export const streams: readonly Behaviour[] = [
  {
    name: 'write accepts a stream with pieces of any size',
    check: async ({ vfs, path }) => {
      const data = filler(300_000);
      await vfs.write(path('x/a'), pieces(data, 70_001));
      await holds(vfs, path('x/a'), data);
      await vfs.write(path('x/a'), pieces(data.subarray(0, 500), 1));
      await holds(vfs, path('x/a'), data.subarray(0, 500));
      await vfs.write(path('x/a'), Readable.from([Buffer.from('from a '), Buffer.from('Readable')]));
      await holds(vfs, path('x/a'), bytes('from a Readable'));
      await vfs.write(path('x/a'), pieces(new Uint8Array(), 1));
      await holds(vfs, path('x/a'), bytes(''));
    },
  },
  {
    name: 'nobody sees a streamed file before it is complete',
    check: async ({ vfs, path, folder }) => {
      const parts = async function* (): AsyncGenerator<Uint8Array> {
        for (const part of ['one', 'two', 'three']) {
          yield bytes(part);
          await absent(vfs, path('a'));
          strictEqual(await vfs.stat(path('a')), undefined);
        }
      };
      await vfs.write(path('a'), parts());
      await holds(vfs, path('a'), bytes('onetwothree'));
      await listsExactly(vfs, folder, [path('a')]);
    },
  },
  {
    name: 'a stream that fails changes nothing, leaves nothing behind, and its error is passed on',
    check: async ({ vfs, path, folder }) => {
      const broken = new Error('the source failed');
      await vfs.write(path('old'), bytes('old'));
      for (const name of ['old', 'new']) {
        const error: unknown = await vfs.write(path(name), brokenAfter(filler(100_000), broken)).then(
          () => undefined,
          (reason: unknown) => reason,
        );
        ok(error === broken || (error as Error).cause === broken, `fails with ${String(error)}`);
      }
      await holds(vfs, path('old'), bytes('old'));
      await listsExactly(vfs, folder, [path('old')]);
    },
  },
  {
    name: 'readStream returns the whole file, in bytes',
    check: async ({ vfs, path }) => {
      for (const size of [0, 1, 65_536, 1_048_577]) {
        await vfs.write(path('a'), filler(size));
        sameBytes(await streamed(vfs, path('a')), filler(size), `a stream of ${String(size)} bytes`);
      }
    },
  },
  {
    name: 'readStream can be left before its end',
    check: async ({ vfs, path }) => {
      await vfs.write(path('a'), filler(1_048_576));
      for await (const chunk of vfs.readStream(path('a'))) {
        ok((chunk as Uint8Array).byteLength > 0);
        break;
      }
      await holds(vfs, path('a'), filler(1_048_576));
      strictEqual(await vfs.delete(path('a')), true);
    },
  },
  {
    name: 'readStream of a file that does not exist fails',
    check: async ({ vfs, path }) => {
      for (const name of ['nothing', 'no/such/folder/nothing']) {
        const error: unknown = await streamed(vfs, path(name)).then(
          () => undefined,
          (reason: unknown) => reason,
        );
        vfsError(`readStream of ${name}`, error, ['ERR_VFS_NOT_FOUND']);
      }
    },
  },
];
