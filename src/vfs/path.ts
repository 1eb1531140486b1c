import { VfsError } from './errors.js';
import type { Vfs } from './vfs.js';

/** A folder of a store. */
export interface Folder {
  /** The store. */
  readonly vfs: Vfs;
  /** Relative to the root of the store; `''` is the root itself. */
  readonly path: string;
}

/** The longest name and path that a store can hold, in bytes of UTF-8. */
export interface PathLimits {
  readonly nameBytes: number;
  readonly pathBytes: number;
}

const NO_NAME = /(?:^|\/)(\.{0,2})(?:\/|$)/;

/** Throws `ERR_VFS_PATH` unless `path` is names joined by `/` that the store can hold. Every path is checked here. */
export function checkPath(path: string, limits: PathLimits): void {
  if (typeof path !== 'string') throw bad(path, 'is not a string');
  if (path === '') throw bad(path, 'is empty; expected the path of a file');
  if (path.includes('\0')) throw bad(path, 'contains a NUL character');
  if (!path.isWellFormed()) throw bad(path, 'contains half a surrogate pair, which UTF-8 cannot encode');
  const [, nameless] = NO_NAME.exec(path) ?? [];
  if (nameless !== undefined) {
    throw bad(path, `contains the name ${JSON.stringify(nameless)}; expected names joined by single slashes`);
  }
  const bytes = Buffer.byteLength(path);
  if (bytes > limits.nameBytes) checkNames(path, limits.nameBytes);
  if (bytes > limits.pathBytes) {
    throw bad(
      path,
      `has ${String(bytes)} bytes (lock suffixes included), and the store takes ${String(limits.pathBytes)}`,
    );
  }
}

function checkNames(path: string, most: number): void {
  for (const name of path.split('/')) {
    const bytes = Buffer.byteLength(name);
    if (bytes <= most) continue;
    throw bad(
      path,
      `has a name of ${String(bytes)} bytes (lock suffixes included), and the store takes ${String(most)}`,
    );
  }
}

/** `path` without `.` and `..`, relative to the root. A `..` that leads above the root is refused, not dropped. */
export function normalizePath(path: string): string {
  const names: string[] = [];
  for (const name of path.split('/')) {
    if (name === '' || name === '.') continue;
    if (name !== '..') names.push(name);
    else if (names.pop() === undefined) throw bad(path, 'leads above the root');
  }
  return names.join('/');
}

function bad(path: unknown, problem: string): VfsError {
  return new VfsError('ERR_VFS_PATH', `the path ${quoted(path)} ${problem}`);
}

/** A path for a message: quoted, and shortened where it is long. */
export function quoted(path: unknown): string {
  const text = typeof path === 'string' ? JSON.stringify(path) : `of the type ${typeof path}`;
  return text.length > 120 ? `${text.slice(0, 100)}...` : text;
}

/** The path of a name in a folder. */
export function pathIn({ path }: Folder, name: string): string {
  return path === '' ? name : `${path}/${name}`;
}

/** The path of the folder that holds `path`; `''` is the root. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** The last name in `path`. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Another path in the same folder, with `-label` before the extension: `a/b.csv` becomes `a/b-label.csv`. */
export function labelledPath(path: string, label: string): string {
  const name = nameOf(path);
  const dot = name.lastIndexOf('.');
  const at = path.length - name.length + (dot > 0 ? dot : name.length);
  return `${path.slice(0, at)}-${label}${path.slice(at)}`;
}
