import { VfsFile } from '../vfs/file.js';
import type { CallOptions, Snapshot, Stat, Version, Vfs } from '../vfs/vfs.js';

/** The file of a claim. It remembers what was claimed and read, so that nothing else is archived in its place. */
export class ClaimedFile extends VfsFile {
  readonly #claimed: Stat;
  #read: Version | undefined;

  constructor(vfs: Vfs, path: string, claimed: Stat) {
    super(vfs, path);
    this.#claimed = claimed;
  }

  /** What the file must still be. Where the store compares versions, the version that was read last counts. */
  get seen(): Stat {
    const version = this.#read ?? this.#claimed.version;
    return version === undefined ? this.#claimed : { ...this.#claimed, version };
  }

  override async tryRead(options?: CallOptions): Promise<Snapshot | undefined> {
    const snapshot = await super.tryRead(options);
    this.#read = snapshot?.version ?? this.#read;
    return snapshot;
  }
}
