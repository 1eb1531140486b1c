// @ts-check
// Locks a file again and again, and keeps a journal of it. Arguments: the location of the journal, the file, how often, and the owner.
import { withLock } from 'vfs-lockfile';
import { startJournal } from 'vfs-lockfile/journal';

const [, , location = '', file = '', rounds = '1', ownerId = ''] = process.argv;
const journal = await startJournal(location);
for (let round = 0; round < Number(rounds); round += 1) {
  await withLock(file, () => {}, { ownerId: `${ownerId}:${round}` });
  // A line to the test means that all before it are written.
  if (round % 20 === 0) await journal.flush();
  if (round % 20 === 0) console.log(round);
}
await journal.close();
console.log('end');
