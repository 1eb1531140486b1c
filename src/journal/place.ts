import { freshId } from '../util/fresh-id.js';
import { pathIn, type Folder } from '../vfs/path.js';

/** The folder of a location's journal. Its name is one of this library's own, so that an inbox does not take it for work. */
const JOURNAL = '.vfs-lockfile-journal';

/** The folder that a location's journal is in, which need not exist. */
export function journalFolder(location: Folder): Folder {
  return { vfs: location.vfs, path: pathIn(location, JOURNAL) };
}

const SUFFIX = '.jsonl';
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** The file that a host's user appends to on a day: `2026-11-27.host.user.jsonl`. Nobody else writes it. */
export function fileName(writer: string, now: Date): string {
  return `${dayOf(now)}.${writer}${SUFFIX}`;
}

/** A file that is written once, where a store cannot append: `2026-11-27.host.user.080000123-<id>.jsonl`. */
export function uniqueFileName(writer: string, now: Date): string {
  return `${dayOf(now)}.${writer}.${now.toISOString().slice(11, -1).replace(/\D/g, '')}-${freshId().slice(0, 16)}${SUFFIX}`;
}

/** The host and the user as a part of a file name. */
export function writerName(hostname: string, user: string): string {
  return `${plain(hostname)}.${plain(user)}`;
}

/** Which day a file is about, and who wrote it. Undefined: it is no file of a journal. */
export function partsOfName(name: string): { readonly day: string; readonly writer: string } | undefined {
  if (!name.endsWith(SUFFIX)) return undefined;
  const [day = '', host = '', user = ''] = name.slice(0, -SUFFIX.length).split('.');
  return DAY.test(day) ? { day, writer: `${host}.${user}` } : undefined;
}

/** The day in UTC. */
export function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}

function plain(text: string): string {
  return text.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 40) || '_';
}
