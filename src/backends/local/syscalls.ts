import * as fs from 'node:fs';
import { promisify } from 'node:util';

import { realSleep } from '../../util/sleep.js';
import type { Eventual } from '../../util/steps.js';
import { realTime } from '../../util/time.js';

/** The system calls that a lock on a plain disk needs. */
export interface Syscalls {
  open(path: string, flags: number, mode?: number): Eventual<number>;
  close(fd: number): Eventual<void>;
  fstat(fd: number): Eventual<fs.Stats>;
  read(fd: number, buffer: Uint8Array): Eventual<number>;
  write(fd: number, data: Uint8Array): Eventual<number>;
  fchmod(fd: number, mode: number): Eventual<void>;
  stat(path: string): Eventual<fs.Stats>;
  lstat(path: string): Eventual<fs.Stats>;
  chmod(path: string, mode: number): Eventual<void>;
  fchown(fd: number, uid: number, gid: number): Eventual<void>;
  mkdir(path: string, mode: number): Eventual<unknown>;
  rename(from: string, to: string): Eventual<void>;
  link(from: string, to: string): Eventual<void>;
  unlink(path: string): Eventual<void>;
  rmdir(path: string): Eventual<void>;
  readdir(path: string): Eventual<string[]>;
  /** The type of the file system, as statfs(2) has it. */
  diskType(path: string): Eventual<number>;
  pause(ms: number, signal: AbortSignal | undefined): Eventual<void>;
}

/** Every call is done when it returns. */
export const blockingCalls: Syscalls = {
  open: fs.openSync,
  close: fs.closeSync,
  fstat: (fd) => fs.fstatSync(fd),
  read: (fd, buffer) => fs.readSync(fd, buffer, 0, buffer.length, null),
  write: (fd, data) => fs.writeSync(fd, data),
  fchmod: fs.fchmodSync,
  stat: (path) => fs.statSync(path),
  lstat: (path) => fs.lstatSync(path),
  chmod: fs.chmodSync,
  fchown: fs.fchownSync,
  mkdir: (path, mode) => fs.mkdirSync(path, mode),
  rename: fs.renameSync,
  link: fs.linkSync,
  unlink: fs.unlinkSync,
  rmdir: (path) => {
    fs.rmdirSync(path);
  },
  readdir: (path) => fs.readdirSync(path),
  diskType: (path) => fs.statfsSync(path).type,
  pause: realTime.sleepSync,
};

/** Every call is done when it returns, as a local disk answers in microseconds; only a pause is a promise. */
export const inlineCalls: Syscalls = { ...blockingCalls, pause: realSleep };

/** Every call runs on the thread pool, for disks that may be slow. */
export const pooledCalls: Syscalls = {
  open: promisify(fs.open),
  close: promisify(fs.close),
  fstat: (fd) => promisify(fs.fstat)(fd),
  read: async (fd, buffer) => (await promisify(fs.read)(fd, buffer, 0, buffer.length, null)).bytesRead,
  write: async (fd, data) => (await promisify(fs.write)(fd, data)).bytesWritten,
  fchmod: promisify(fs.fchmod),
  stat: (path) => fs.promises.stat(path),
  lstat: (path) => fs.promises.lstat(path),
  chmod: fs.promises.chmod,
  fchown: promisify(fs.fchown),
  mkdir: (path, mode) => fs.promises.mkdir(path, mode),
  rename: fs.promises.rename,
  link: fs.promises.link,
  unlink: fs.promises.unlink,
  rmdir: (path) => fs.promises.rmdir(path),
  readdir: (path) => fs.promises.readdir(path),
  diskType: async (path) => (await fs.promises.statfs(path)).type,
  pause: realSleep,
};
