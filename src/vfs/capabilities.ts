/** What a store can do. Whoever needs more refuses the store with `ERR_VFS_UNSUPPORTED` before any I/O. */
export interface Capabilities {
  /**
   * How `create` excludes others. `'atomic'`: one operation of the store decides. `'guarded'`: a guard beside the file decides,
   * so everybody who changes the file has to use this library. `'none'`: it excludes nobody, and locks are refused.
   */
  readonly create: 'atomic' | 'guarded' | 'none';
  /** The same for `replace`. `'none'`: locks are refused. */
  readonly replace: 'atomic' | 'guarded' | 'none';
  /** The same for `remove`. `'none'`: locks are released by overwriting them with a record that says so. */
  readonly remove: 'atomic' | 'guarded' | 'none';
  /** `'copy'`: a move copies the file and deletes the original, so that for a moment there may be both. */
  readonly move: 'atomic' | 'copy';
  /**
   * Whether the store reports its own time, and by how many milliseconds its timestamps may be off. `except`: why it reports none in
   * some of its folders, as a clause. Absent: there are no such folders.
   */
  readonly clock: {
    readonly source: 'store' | 'none';
    readonly resolutionMs: number;
    readonly except?: string;
  };
  /** Whether files outlive this process. */
  readonly durable: boolean;
  /** The shortest and the longest pause between two reads of one waiter, in milliseconds. */
  readonly poll: { readonly minMs: number; readonly maxMs: number };
  /** What no probe can find out about these capabilities, in a sentence or two. Absent: there is nothing of the kind. */
  readonly caveat?: string;
}
