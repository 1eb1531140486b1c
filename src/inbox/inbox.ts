import type { Claim } from './claim.js';
import { InboxReader } from './reader.js';
import { resolveInboxOptions, type InboxOptions, type ResolvedInboxOptions } from './options.js';
import { openFolder, type Location } from '../open.js';

/**
 * Claims the files of a folder, one after the other, for as many workers on as many machines as there are: each file that is
 * yielded is locked, was still there when it was, and is nobody else's until it is archived, failed or given back. Leaving the
 * loop, as by an error in its body, gives back the file that was yielded last. Rejects when the folder cannot be listed, or no
 * lock can be made in it.
 */
export function inbox(location: Location, options: InboxOptions = {}): AsyncIterable<Claim> {
  const terms = resolveInboxOptions(options);
  return { [Symbol.asyncIterator]: () => claims(location, terms) };
}

async function* claims(location: Location, terms: ResolvedInboxOptions): AsyncGenerator<Claim> {
  const folder = await openFolder(location);
  const claimant = new InboxReader(folder, terms);
  let last: Claim | undefined;
  let leaving = true;
  try {
    for (;;) {
      if (terms.concurrency === 1) await last?.release();
      last = await claimant.next();
      if (last === undefined) break;
      yield last;
    }
    leaving = false;
  } finally {
    if (leaving) await last?.release();
  }
}
