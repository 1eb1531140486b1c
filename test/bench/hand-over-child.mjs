// @ts-check
// Arguments: whose lock, and the file. Takes it or gives it back as told, and answers when: in nanoseconds of
// CLOCK_MONOTONIC, the same clock for all processes of a machine.
import { loadWaiting } from './hand-over-locks.mjs';
import { answer } from './workshop.mjs';

const [, , library = '', file = ''] = process.argv;
const lock = await loadWaiting(library, file);

answer(async (order) => {
  if (order === 'acquire') {
    await lock.acquire();
    return String(process.hrtime.bigint());
  }
  const at = process.hrtime.bigint();
  await lock.release();
  return String(at);
});
