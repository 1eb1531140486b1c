// @ts-check
import { readFileSync } from 'node:fs';

import { localVfs } from 'vfs-lockfile';
import { gcsVfs } from 'vfs-lockfile/gcs';
import { s3Vfs } from 'vfs-lockfile/s3';
import { sftpVfs } from 'vfs-lockfile/sftp';

/**
 * How a process gets to the locked files: over the local disk, over SFTP with the private key of a file, or in a bucket whose
 * server and credentials are in the environment. `timeout` is that of each call, by default the library's.
 *
 * @typedef {{ kind: 'local', root: string, hardLinks: boolean }
 *   | { kind: 'sftp', root: string, sftp: import('vfs-lockfile/sftp').SftpVfsOptions, keyFile: string }
 *   | { kind: 's3', bucket: string, prefix: string, conditionalDelete: 'native' | 'none', timeout?: string }
 *   | { kind: 'gcs', bucket: string, prefix: string, timeout?: string }} Store
 */

/**
 * Whether the tokens of a file are counted: those of every other file.
 *
 * @param {readonly string[]} files
 * @param {string} file
 */
export function isFenced(files, file) {
  return files.indexOf(file) % 2 === 1;
}

/**
 * @param {Store} store
 * @returns {import('vfs-lockfile').Vfs}
 */
export function openStore(store) {
  switch (store.kind) {
    case 'local':
      return localVfs({ root: store.root, hardLinks: store.hardLinks });
    case 'sftp':
      return sftpVfs({ ...store.sftp, root: store.root, privateKey: readFileSync(store.keyFile, 'utf8') });
    case 's3': {
      const { kind: _, ...options } = store;
      return s3Vfs(options);
    }
    case 'gcs': {
      const { kind: _, ...options } = store;
      return gcsVfs(options);
    }
  }
}
