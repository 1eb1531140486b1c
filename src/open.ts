import { localVfs } from './backends/local/index.js';
import type { MemVfs } from './backends/mem/index.js';
import { kindOf } from './util/option-error.js';
import { remembering } from './util/remembering.js';
import { VfsError } from './vfs/errors.js';
import { VfsFile } from './vfs/file.js';
import { folderOf, normalizePath, quoted, type Folder } from './vfs/path.js';
import { badUri, decodedPath, partsOf } from './vfs/uri.js';
import type { Vfs } from './vfs/vfs.js';

export type { Folder };

/**
 * Makes a file of a URI. Gets the whole URI, and its path: decoded, without the leading slash, and without `..`. May throw or
 * reject; `openFile` then rejects with that error.
 */
export type Backend = (uri: string, path: string) => VfsFile | Promise<VfsFile>;

/** Schemes that others use for our stores. */
const MEANT: Readonly<Record<string, string>> = {
  gcs: 'gs',
  s3a: 's3',
  s3n: 's3',
  ssh: 'sftp',
  scp: 'sftp',
  memory: 'mem',
};

const FORMS: Readonly<Record<string, string>> = {
  ...{ file: 'file:///folder/file', mem: 'mem:///folder/file' },
  ...{ sftp: 'sftp://user@host/folder/file', s3: 's3://bucket/key', gs: 'gs://bucket/key' },
};

let disk: Vfs | undefined;
let memory: MemVfs | undefined;

const backends = new Map<string, Backend>([
  ['file', openLocalUri],
  ['mem', openMemory],
  ['sftp', openRemote],
  ['s3', openBucket],
  ['gs', openGoogleBucket],
]);

/**
 * Makes `openFile`, and everything that takes a URI, accept a scheme such as `'ftp'` for `ftp://host/path`. Replaces the backend
 * that the scheme had before.
 *
 * @throws {VfsError} `ERR_VFS_URI`: `scheme` is no URI scheme in lower case.
 * @example
 * registerBackend('ftp', (uri, path) => new VfsFile(ftpVfs(new URL(uri).host), path));
 */
export function registerBackend(scheme: string, backend: Backend): void {
  if (!/^[a-z][a-z0-9+.-]+$/.test(scheme)) {
    throw new VfsError(
      'ERR_VFS_URI',
      `${JSON.stringify(scheme)} is no URI scheme; expected lower-case letters, digits, + - .`,
    );
  }
  backends.set(scheme, backend);
}

/** Replaces the store of plain paths and `file:` URIs. Returns how to bring the last one back. */
export function setDisk(vfs: Vfs): () => void {
  const last = disk;
  disk = vfs;
  return () => {
    disk = last;
  };
}

/**
 * The file with a URI (`s3://bucket/a.csv`, `sftp://user@host/a.csv`, `file:///a.csv`), or with a path on the local disk, relative
 * to the working directory. It need not exist, and nothing is read. A `VfsFile` is returned as it is.
 *
 * @throws {VfsError} `ERR_VFS_URI`: the scheme is unknown, or the URI is malformed. `ERR_VFS_PATH`: no file can have this path.
 *   `ERR_VFS_UNSUPPORTED`: the SDK of the store is not installed, or its settings are unusable.
 * @example
 * const file = await openFile('s3://bucket/inbox/orders.csv');
 */
export async function openFile(file: string | URL | VfsFile): Promise<VfsFile> {
  if (file instanceof VfsFile) return file;
  const text = textOf(file);
  // No URI begins so.
  const uri = text.startsWith('/') ? undefined : partsOf(text);
  if (uri === undefined) return openLocal(text);
  const backend = backends.get(uri.scheme);
  if (backend === undefined) {
    const meant = MEANT[uri.scheme];
    const known = `known are ${[...backends.keys()].join(', ')}, or a path on the local disk`;
    throw badUri(text, `has the unknown scheme ${uri.scheme}; ${meant ? `did you mean ${meant}://? ` : ''}${known}`);
  }
  if (uri.extra !== '') throw badUri(text, 'has a ? or # in its path; write %3F or %23');
  return backend(text, filePath(decodedPath(text, uri)));
}

/** The same for a path or `file:` URI of the local disk only, without a promise. */
export function openLocal(file: string | URL | VfsFile): VfsFile {
  if (file instanceof VfsFile) return file;
  const text = textOf(file);
  if (text.startsWith('/')) return openAbsolute(text);
  const uri = partsOf(text);
  if (uri && uri.scheme !== 'file' && backends.has(uri.scheme)) {
    throw badUri(text, 'is not on the local disk, which synchronous locks need; use withLock or Lockfile there');
  }
  if (uri) return openLocalUri(text, filePath(decodedPath(text, uri)));
  const [, prefix = ''] = /^([^:/]+):/.exec(text) ?? [];
  if (backends.has(prefix.toLowerCase())) {
    const form = FORMS[prefix.toLowerCase()] ?? `${prefix}://...`;
    throw badUri(text, `lacks the slashes of a URI; expected ${form}, or ./${prefix}:... for a path`);
  }
  if (text.startsWith('~/')) {
    throw new VfsError(
      'ERR_VFS_PATH',
      `the path ${quoted(text)} begins with ~, which only a shell expands to the home folder`,
    );
  }
  if (text === '') return new VfsFile((disk ??= localVfs()), text);
  return openAbsolute(`${workingDirectory()}/${text}`);
}

function openAbsolute(path: string): VfsFile {
  return new VfsFile((disk ??= localVfs()), knownFilePath(path));
}

/** A folder: its path on the local disk, its URI, or a store and the path in it. */
export type Location = string | URL | Folder;

/** The folder at a location. Rejects as `openFile` does. The folder need not exist: a listing of it shows that. */
export async function openFolder(location: Location): Promise<Folder> {
  if (typeof location === 'object' && !(location instanceof URL)) return checked(location);
  const text: unknown = location instanceof URL ? location.href : location;
  if (typeof text !== 'string' || text === '') {
    throw new VfsError(
      'ERR_VFS_PATH',
      `a location must be a folder's path or URI, not ${text === '' ? 'an empty string' : kindOf(text)}`,
    );
  }
  const { vfs, path } = await openFile(`${text.endsWith('/') ? text : `${text}/`}file`);
  return { vfs, path: folderOf(path) };
}

function checked(folder: Partial<Folder> | null): Folder {
  if (typeof folder?.vfs?.list !== 'function' || typeof folder.path !== 'string') {
    throw new VfsError(
      'ERR_VFS_PATH',
      `a location must be a folder's path or URI, or { vfs, path }, not ${kindOf(folder)}`,
    );
  }
  if (folder.path !== '') folder.vfs.check(folder.path);
  return { vfs: folder.vfs, path: folder.path };
}

function textOf(file: string | URL): string {
  const text: unknown = file instanceof URL ? file.href : file;
  if (typeof text === 'string') return text;
  throw new VfsError('ERR_VFS_PATH', `file must be a path, a URI or a VfsFile, not ${kindOf(text)}`);
}

function filePath(path: string): string {
  if (!path.endsWith('/')) return normalizePath(path);
  throw new VfsError('ERR_VFS_PATH', `the path ${quoted(path)} names a folder; expected a file`);
}

const knownFilePath = remembering(filePath);

function workingDirectory(): string {
  try {
    return process.cwd();
  } catch (cause) {
    throw new VfsError('ERR_VFS_NOT_FOUND', 'cannot open a relative path: the working directory is gone', { cause });
  }
}

function openLocalUri(uri: string, path: string): VfsFile {
  if (!/^file:\/\/(localhost)?\//i.test(uri)) throw badUri(uri, 'is no local file; expected file:///folder/file');
  return new VfsFile((disk ??= localVfs()), path);
}

async function openMemory(uri: string, path: string): Promise<VfsFile> {
  if (!/^mem:\/\/\//i.test(uri)) throw badUri(uri, 'names a host; expected mem:///folder/file');
  const { MemVfs } = await import('./backends/mem/index.js');
  return new VfsFile((memory ??= new MemVfs({}, '')), path);
}

async function openRemote(uri: string, path: string): Promise<VfsFile> {
  const { openSftp } = await import('./backends/sftp/uri.js');
  return openSftp(uri, path);
}

async function openBucket(uri: string, path: string): Promise<VfsFile> {
  const { openS3 } = await import('./backends/s3/index.js');
  return openS3(uri, path);
}

async function openGoogleBucket(uri: string, path: string): Promise<VfsFile> {
  const { openGcs } = await import('./backends/gcs/index.js');
  return openGcs(uri, path);
}
