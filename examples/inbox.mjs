// Counts the lines of the CSV files in a folder:  node inbox.mjs [FOLDER or URI]
// Start it as often as you like, on as many machines as you like: one process at a time works on each file.
// Ctrl-C or SIGTERM ends it after the current file. If a process is killed, another one takes its file over.
import { VfsFile } from 'vfs-lockfile';
import { inbox } from 'vfs-lockfile/inbox';

const [location = 'inbox'] = process.argv.slice(2);
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stop.abort());

for await (const claim of inbox(location, { match: '*.csv', ttl: '1m', until: 'empty', signal: stop.signal })) {
  const { file, lock } = claim;
  try {
    if (lock.reclaimedFrom) console.log(`${file.name}: taken over from process ${lock.reclaimedFrom.pid}`);
    await processFile(claim);
    await claim.archive('archive/', { unique: true });
    console.log(`${file.name}: done`);
  } catch (error) {
    console.error(`${file.name}: ${String(error)}`);
    if (claim.settled) continue; // the file was replaced meanwhile, or belongs to another process by now
    await claim.fail('failed/', error).catch(leaveIt);
  }
}

/**
 * The file stays where it is for the next run.
 * @param {unknown} error
 */
function leaveIt(error) {
  console.error(error);
  process.exitCode = 1;
}

/**
 * Runs again for the same file if a process is killed in the middle, so each step must be harmless when it is repeated.
 * @param {import('vfs-lockfile/inbox').Claim} claim
 */
async function processFile({ file, lock }) {
  let lines = 0;
  for await (const chunk of file.readStream({ signal: lock.signal })) lines += String(chunk).split('\n').length - 1;
  if (lines === 0) throw new Error('the file has no lines');
  const result = new VfsFile(file.vfs, file.path.replace(/[^/]*$/, `results/${file.name}.json`));
  lock.assertHeld(); // throws if the lock was lost: ask right before every step that has an effect
  await result.write(JSON.stringify({ lines }), { signal: lock.signal });
}
