export type Handle = Buffer;

export interface Attributes {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Whole seconds. */
  readonly mtime: number;
}

export interface ListedName {
  readonly filename: string;
  readonly attrs: Attributes;
}

/** The used part of the answer to `statvfs@openssh.com`: free blocks, files and free files, flags. */
export interface FileSystem {
  readonly f_bavail: number | bigint;
  readonly f_files: number | bigint;
  readonly f_favail: number | bigint;
  readonly f_flag: number | bigint;
}

export type Answer<T> = (error: Error | null | undefined, value: T) => void;

export type Changes = Partial<Pick<Attributes, 'mode' | 'uid' | 'gid'>>;

/** The part of an `ssh2` SFTP session that is used. */
export interface RawSftp {
  open(path: string, flags: number, attributes: Changes, answer: Answer<Handle>): void;
  close(handle: Handle, answer: Answer<void>): void;
  read(handle: Handle, into: Buffer, offset: number, length: number, from: number, answer: Answer<number>): void;
  write(handle: Handle, data: Buffer, offset: number, length: number, at: number, answer: Answer<void>): void;
  stat(path: string, answer: Answer<Attributes>): void;
  lstat(path: string, answer: Answer<Attributes>): void;
  fstat(handle: Handle, answer: Answer<Attributes>): void;
  fsetstat(handle: Handle, changes: Changes, answer: Answer<void>): void;
  opendir(path: string, answer: Answer<Handle>): void;
  readdir(handle: Handle, answer: Answer<readonly ListedName[]>): void;
  mkdir(path: string, changes: Changes, answer: Answer<void>): void;
  rmdir(path: string, answer: Answer<void>): void;
  unlink(path: string, answer: Answer<void>): void;
  rename(from: string, to: string, answer: Answer<void>): void;
  symlink(target: string, path: string, answer: Answer<void>): void;
  /** The extensions throw at once where the server does not announce them. */
  ext_openssh_rename(from: string, to: string, answer: Answer<void>): void;
  ext_openssh_hardlink(from: string, to: string, answer: Answer<void>): void;
  /** As `setstat`, but never through a link. */
  ext_openssh_lsetstat(path: string, changes: Changes, answer: Answer<void>): void;
  ext_openssh_statvfs(path: string, answer: Answer<FileSystem>): void;
  on(event: string, listener: (...args: readonly unknown[]) => void): unknown;
  /** The extensions that the server announced. Not documented, so it may be missing. */
  readonly _extensions?: Readonly<Record<string, string>>;
}

export const isDirectory = ({ mode }: Attributes): boolean => (mode & 0o170000) === 0o040000;
export const isRegular = ({ mode }: Attributes): boolean => (mode & 0o170000) === 0o100000;
export const isSymlink = ({ mode }: Attributes): boolean => (mode & 0o170000) === 0o120000;
