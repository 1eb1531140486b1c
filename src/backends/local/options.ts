/** Which part of the disk a store covers, and how it creates files. */
export interface LocalVfsOptions {
  /**
   * The folder that paths are relative to; a relative one is resolved against the working directory.
   * @default '/', the root of the file system
   */
  readonly root?: string;
  /**
   * False: never try a hard link, for file systems where links misbehave. All programs that lock in a folder must agree on this.
   * @default true
   */
  readonly hardLinks?: boolean;
}
