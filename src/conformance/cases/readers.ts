import type { Arena } from '../behaviour.js';
import type { Vfs } from '../../vfs/vfs.js';

/** What a reader has to say about a file as it sees it; throws when that may not be. */
export type Judge = (data: Uint8Array | undefined) => void;

/** Reads through every door for as long as `work` lasts. */
export async function watched({ doors }: Arena, path: string, judge: Judge, work: () => Promise<void>): Promise<void> {
  let over = false;
  const keepReading = async (vfs: Vfs): Promise<void> => {
    while (!over) {
      judge((await vfs.read(path))?.data);
      await new Promise(setImmediate);
    }
  };
  const readers = Promise.allSettled([...doors, ...doors].map(keepReading));
  await work().finally(() => (over = true));
  for (const reader of await readers) if (reader.status === 'rejected') throw reader.reason;
}
