// @ts-check
// large-child.mjs s3|gcs BUCKET BYTES native|none: writes, reads and moves an object of that size, and prints how much memory that took at most.
import { createHash } from 'node:crypto';
import { gcsVfs } from 'vfs-lockfile/gcs';
import { s3Vfs } from 'vfs-lockfile/s3';

const [store = '', bucket = '', size = '', way] = process.argv.slice(2);
const conditionalDelete = way === 'native' ? 'native' : 'none';
const vfs = store === 's3' ? s3Vfs({ bucket, conditionalDelete }) : gcsVfs({ bucket, conditionalDelete });
const PIECE_BYTES = 1024 * 1024;
let peak = 0;
let sent = createHash('sha256');

async function* pieces() {
  sent = createHash('sha256');
  for (let left = Number(size), turn = 0; left > 0; left -= PIECE_BYTES, turn += 1) {
    const piece = Buffer.alloc(Math.min(PIECE_BYTES, left), turn);
    sent.update(piece);
    note();
    yield piece;
    await new Promise(setImmediate);
  }
}

function note() {
  const { arrayBuffers, heapUsed } = process.memoryUsage();
  peak = Math.max(peak, arrayBuffers + heapUsed);
}

await vfs.write('large', pieces());
const received = createHash('sha256');
let bytes = 0;
for await (const chunk of vfs.readStream('large')) {
  const piece = /** @type {Buffer} */ (chunk);
  received.update(piece);
  bytes += piece.length;
  note();
}
const same = sent.digest('hex') === received.digest('hex');
await vfs.move('large', 'elsewhere');
const moved = await vfs.stat('elsewhere');
// The emulator of GCS takes long for each piece.
await vfs.write('large', store === 's3' ? pieces() : Buffer.alloc(20 * PIECE_BYTES));
/** @type {unknown} */
const refused = await vfs
  .move('large', 'elsewhere')
  .catch((/** @type {unknown} */ error) => /** @type {{ code: string }} */ (error).code);
process.stdout.write(JSON.stringify({ bytes, same, peak, moved: moved?.size, refused }));
if ('close' in vfs) await vfs.close();
