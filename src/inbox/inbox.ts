import type { Claim } from './claim.js';
import { InboxReader } from './reader.js';
import { resolveInboxOptions, type InboxOptions, type ResolvedInboxOptions } from './options.js';
import { openFolder, type Location } from '../open.js';

/**
 * Claims the files of a folder, one after the other. Any number of workers on any number of machines may do so: each file that is
 * yielded exists, is locked, and belongs to this worker until it is archived, failed or released. When the loop is left, also by an
 * error in its body, the file that was yielded last is released.
 *
 * @throws {LockOptionError} if the location or an option cannot be used.
 * @throws {VfsError} while it is iterated, if the folder cannot be listed or no lock can be taken in it: a store that cannot be
 *   written to does not look like an empty inbox.
 * @example
 * for await (const claim of inbox('inbox', { match: '*.csv', until: 'empty' })) {
 *   try {
 *     const text = await claim.file.readText();
 *     console.log(claim.file.name, text.length);
 *     await claim.archive('archive/', { unique: true });
 *   } catch (error) {
 *     if (!claim.settled) await claim.fail('failed/', error).catch(console.error);
 *   }
 * }
 */
export function inbox(location: Location, options: InboxOptions = {}): AsyncIterable<Claim> {
  const resolved = resolveInboxOptions(options);
  return { [Symbol.asyncIterator]: () => claims(location, resolved) };
}

async function* claims(location: Location, resolved: ResolvedInboxOptions): AsyncGenerator<Claim> {
  const folder = await openFolder(location);
  const reader = new InboxReader(folder, resolved);
  let last: Claim | undefined;
  let leaving = true;
  try {
    for (;;) {
      if (resolved.concurrency === 1) await last?.release();
      last = await reader.next();
      if (last === undefined) break;
      yield last;
    }
    leaving = false;
  } finally {
    if (leaving) await last?.release();
  }
}
