import { pruneHistory } from '../../../journal/index.js';
import { printable } from '../../../lock/model/record.js';
import { usageError } from '../../exit-codes.js';
import { jsonLine } from '../../terminal/json.js';
import { print } from '../../terminal/print.js';
import type { ArgumentsOf, RawSetting } from '../../usage/arguments.js';
import { millisecondsOf } from '../../usage/settings.js';
import { openLocation } from '../../usage/target.js';
import { BESIDE } from '../journal.js';

/** Removes the files of old days from the journal of a folder, and prints what it removed. */
export async function prune(
  { file, named, journal, dryRun, json, quiet }: ArgumentsOf<'history'>,
  age: RawSetting,
  signal: AbortSignal,
): Promise<number> {
  if (named) throw usageError('expected --prune with a LOCATION');
  if (journal.text !== BESIDE)
    throw usageError('--prune is for a journal beside the locks; rename a file to begin anew');
  const action = dryRun ? 'would-remove' : 'removed';
  let [files, bytes] = [0, 0];
  const found = pruneHistory(await openLocation(file), { olderThan: millisecondsOf(age), dryRun, signal });
  for await (const { path, day, size } of found) {
    files += 1;
    bytes += size;
    if (json) print(jsonLine('pruned', { action, path, day, size }));
    else if (!quiet) print(`${action}\t${printable(path)}\n`);
  }
  const count = files === 1 ? '1 file' : `${files} files`;
  if (!json && !quiet) print(`${dryRun ? 'would remove' : 'removed'} ${count} of ${bytes} bytes in all\n`);
  return 0;
}
