// @ts-check
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, release, tmpdir, type } from 'node:os';
import { basename } from 'node:path';

const MEMORY_FOLDER = '/dev/shm';

/** What statfs(2) calls them; ext2 and ext3 share the number of ext4. */
const FILE_SYSTEMS = new Map([
  [0xef53, 'ext4'],
  [0x01021994, 'tmpfs'],
  [0x58465342, 'xfs'],
  [0x9123683e, 'btrfs'],
  [0x794c7630, 'overlay'],
  [0x2fc12fc1, 'zfs'],
  [0xf2f52010, 'f2fs'],
  [0x6969, 'nfs'],
  [0x1a, 'apfs'],
]);

/**
 * @typedef {{ path: string, fileSystem: string }} Disk
 * @typedef {{ disk: Disk, memory: Disk | undefined, text: string }} Machine
 */

/** @returns {Promise<Machine>} where to measure: the folder for temporary files, and one in memory if there is one */
export async function describeMachine() {
  const disk = { path: tmpdir(), fileSystem: await fileSystemOf(tmpdir()) };
  const shared = existsSync(MEMORY_FOLDER) ? await fileSystemOf(MEMORY_FOLDER) : undefined;
  const memory =
    shared === 'tmpfs' && disk.fileSystem !== shared ? { path: MEMORY_FOLDER, fileSystem: shared } : undefined;
  const text = [
    `Figures of \`npm run bench\`, ${new Date().toISOString().slice(0, 10)}:`,
    `${String(availableParallelism())} cores (${cpus()[0]?.model.trim() ?? 'unknown'}),`,
    `Node ${process.version}, ${type()} ${release()},`,
    `temporary files on ${disk.fileSystem}${disk.fileSystem === 'ext4' ? journalRemark(disk.path) : ''},`,
    memory ? `the others on ${memory.fileSystem}.` : `no other tmpfs at ${MEMORY_FOLDER}.`,
    `Load average at the start ${shownLoad()}.`,
    'Ratios compare what ran in turns within one run, so they mean more than the times.',
  ];
  return { disk, memory, text: text.join(' ') };
}

function shownLoad() {
  return (loadavg()[0] ?? 0).toFixed(1);
}

/** @param {string} folder */
async function fileSystemOf(folder) {
  const { type: number } = await statfs(folder);
  return FILE_SYSTEMS.get(number) ?? `file system 0x${number.toString(16)}`;
}

/**
 * Without a journal ext4 checks each inode that was deleted in the last minutes before it makes a new one, so that whoever
 * makes and removes files there is slowed down by those who did before.
 *
 * @param {string} folder
 */
function journalRemark(folder) {
  try {
    const journals = readdirSync('/proc/fs/jbd2');
    const device = basename(realpathSync(deviceOf(folder)));
    const known = existsSync(`/proc/fs/ext4/${device}`);
    return known && !journals.some((journal) => journal.startsWith(`${device}-`)) ? ' without a journal' : '';
  } catch {
    return '';
  }
}

/** @param {string} folder */
function deviceOf(folder) {
  const path = `${realpathSync(folder)}/`;
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  const holding = mounts.flatMap((mount) => {
    const [device = '', point = ''] = mount.split(' ');
    return path.startsWith(point.endsWith('/') ? point : `${point}/`) ? [{ device, point }] : [];
  });
  const nearest = holding.reduce((best, mount) => (mount.point.length >= best.point.length ? mount : best));
  return nearest.device;
}
