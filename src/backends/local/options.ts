import type { Duration } from '../../util/duration.js';
import { BOOLEAN, DURATION, STRING, type OptionKinds } from '../../util/option-check.js';

/** Which part of the disk a store covers, and how it creates files. */
export interface LocalVfsOptions {
  /**
   * The folder that paths are relative to; a relative one is resolved against the working directory.
   * @default '/', the root of the file system
   */
  readonly root?: string | undefined;
  /**
   * False: never try a hard link, for file systems where links misbehave. All programs that lock in a folder must agree on this.
   * @default true
   */
  readonly hardLinks?: boolean | undefined;
  /**
   * How long the disk may be silent during an asynchronous call, in milliseconds or as text such as `'5s'`, before the call rejects
   * with `ERR_VFS_TIMEOUT`: a network disk whose server is gone. `move`, `write` and `readStream` have no limit of their own where
   * the disk answered at their start. Synchronous calls wait as long as the disk does: nothing can end them.
   * @default '10s'
   */
  readonly timeout?: Duration | undefined;
}

export const LOCAL_VFS_OPTIONS: OptionKinds<LocalVfsOptions> = { root: STRING, hardLinks: BOOLEAN, timeout: DURATION };
