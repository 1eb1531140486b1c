import { FUNCTION, OBJECT, type OptionKinds } from '../../util/option-check.js';

/** The part of a memfs volume that the store uses. */
export interface MemVolume {
  /** Whether a name exists. */
  existsSync(path: string): boolean;
  /** Makes a folder, and those above it. */
  mkdirSync(path: string, options: { readonly recursive: true }): unknown;
  /** Removes an empty folder. */
  rmdirSync(path: string): unknown;
  /** The content of a file. */
  readFileSync(path: string): Uint8Array | string;
  /** The names in a folder. */
  readdirSync(path: string): unknown[];
  /** Moves a file. */
  renameSync(from: string, to: string): void;
  /** What a name stands for, its size in bytes and its time in milliseconds. */
  statSync(path: string): {
    isFile(): boolean;
    isDirectory(): boolean;
    readonly size: unknown;
    readonly mtimeMs: unknown;
  };
  /** Removes a file. */
  unlinkSync(path: string): void;
  /** Sets the times of a file, in seconds. */
  utimesSync(path: string, accessed: number, modified: number): void;
  /** Writes a whole file. */
  writeFileSync(path: string, data: Uint8Array): void;
}

/** Where the files are kept, and by which clock. */
export interface MemVfsOptions {
  /**
   * The memfs volume that holds the files.
   * @default a new, empty one, which needs the package `memfs`
   */
  readonly volume?: MemVolume | undefined;
  /**
   * The clock that stamps files, in milliseconds since 1970.
   * @default the time of this machine
   */
  readonly now?: (() => number) | undefined;
}

export const MEM_VFS_OPTIONS: OptionKinds<MemVfsOptions> = { volume: OBJECT, now: FUNCTION };
