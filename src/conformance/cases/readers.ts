import { setImmediate } from 'node:timers';
import type { CaseContext } from '../behaviour.js';
import type { Vfs } from '../../vfs/vfs.js';

/** Throws if a reader may not see this content; undefined means that it saw no file. */
export type ContentCheck = (data: Uint8Array | undefined) => void;

/** Reads the file with every client for as long as `work` runs. */
export async function readMeanwhile(
  { clients }: CaseContext,
  path: string,
  check: ContentCheck,
  work: () => Promise<void>,
): Promise<void> {
  let over = false;
  const keepReading = async (vfs: Vfs): Promise<void> => {
    while (!over) {
      check((await vfs.read(path))?.data);
      await new Promise(setImmediate);
    }
  };
  const readers = Promise.allSettled([...clients, ...clients].map(keepReading));
  await work().finally(() => (over = true));
  for (const reader of await readers) if (reader.status === 'rejected') throw reader.reason;
}
