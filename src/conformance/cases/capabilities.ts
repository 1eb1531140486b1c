import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict';

import type { Behaviour } from '../behaviour.js';
import { bytes, refusal } from '../tools.js';

/** What a store says about itself. */
export const capabilities: readonly Behaviour[] = [
  {
    name: 'capabilities have only known values and valid numbers',
    check: ({ vfs }) => {
      const { create, replace, remove, move, clock, durable, poll } = vfs.capabilities;
      for (const [verb, word] of Object.entries({ create, replace, remove })) {
        ok(['atomic', 'guarded', 'none'].includes(word), `${verb} is ${word}`);
      }
      ok(['atomic', 'copy'].includes(move), `move is ${move}`);
      ok(['store', 'none'].includes(clock.source), `the source of the clock is ${clock.source}`);
      ok(
        Number.isFinite(clock.resolutionMs) && clock.resolutionMs >= 0,
        `the resolution is ${String(clock.resolutionMs)} ms`,
      );
      strictEqual(typeof durable, 'boolean');
      ok(poll.minMs > 0 && poll.minMs <= poll.maxMs, `polls from ${String(poll.minMs)} to ${String(poll.maxMs)} ms`);
      ok(Number.isFinite(poll.maxMs), `polls up to ${String(poll.maxMs)} ms`);
      return Promise.resolve();
    },
  },
  {
    name: 'capabilities do not change once the store is in use',
    check: async ({ vfs, path }) => {
      const before = structuredClone(vfs.capabilities);
      await vfs.write(path('a'), bytes('a'));
      await vfs.read(path('a'), { clock: true });
      deepStrictEqual(structuredClone(vfs.capabilities), before);
    },
  },
  {
    name: 'the scheme is valid in a URI',
    check: ({ vfs }) => {
      match(vfs.scheme, /^[a-z][a-z0-9+.-]+$/);
      return Promise.resolve();
    },
  },
  {
    name: 'an error names the operation and the path',
    check: async ({ vfs, path }) => {
      await vfs.write(path('b'), bytes('b'));
      const absent = await refusal('move', () => vfs.move(path('source'), path('target')), ['ERR_VFS_NOT_FOUND']);
      match(absent.message, /move/);
      ok(absent.message.includes(vfs.locate(path('source'))), absent.message);
      const taken = await refusal('move', () => vfs.move(path('b'), path('b')), ['ERR_VFS_EXISTS']);
      match(taken.message, /move/);
      ok(taken.message.includes(vfs.locate(path('b'))), taken.message);
    },
  },
];
