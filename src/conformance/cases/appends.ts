import { ok, strictEqual } from 'node:assert/strict';

import { VfsError } from '../../vfs/errors.js';
import type { Vfs } from '../../vfs/vfs.js';
import { APPEND, type Behaviour } from '../behaviour.js';
import { absent, bytes, found, holds } from '../tools.js';

const WRITERS = 4;
const LINES = 25;

/** The operation `append`. */
export const appends: readonly Behaviour[] = [
  {
    name: 'append makes the file and the folders that it needs, and leaves what is there',
    needs: [APPEND],
    check: async ({ vfs, path }) => {
      if (!(await canAppend(vfs, path('x/a')))) return;
      await vfs.append?.(path('x/a'), bytes('two'));
      await holds(vfs, path('x/a'), bytes('one.two'));
    },
  },
  {
    name: 'many appends to one file at once are all there, each in one piece',
    needs: [APPEND],
    check: async ({ vfs, clients, path }) => {
      if (!(await canAppend(vfs, path('probe')))) return;
      const lineOf = (writer: number, line: number): string =>
        `${writer}:${line}:${'x'.repeat(writer * 1000 + line)}\n`;
      const write = async (writer: number): Promise<void> => {
        const client = clients[writer % clients.length] ?? vfs;
        for (let line = 0; line < LINES; line += 1) await client.append?.(path('a'), bytes(lineOf(writer, line)));
      };
      await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
      const text = Buffer.from((await found(vfs, path('a'))).data).toString();
      const lines = text.split(/(?<=\n)/);
      strictEqual(lines.length, WRITERS * LINES, 'the number of lines');
      for (let writer = 0; writer < WRITERS; writer += 1) {
        const own = lines.filter((line) => line.startsWith(`${writer}:`));
        ok(
          own.every((line, at) => line === lineOf(writer, at)),
          `the lines of writer ${writer} are not whole, or not in their order`,
        );
      }
    },
  },
];

/** Appends `one.`; false: the store says that it cannot append here, and has changed nothing. */
async function canAppend(vfs: Vfs, path: string): Promise<boolean> {
  try {
    await vfs.append?.(path, bytes('one.'));
    return true;
  } catch (error) {
    if (!(error instanceof VfsError) || error.code !== 'ERR_VFS_UNSUPPORTED') throw error;
    await absent(vfs, path);
    return false;
  }
}
