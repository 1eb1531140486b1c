import { VfsError, type CallOptions, type MoveOptions, type Vfs } from '../../../src/index.js';
import { WrappedVfs } from './wrapped-vfs.js';

/** A change that names no version. */
export type Unconditional = 'write' | 'delete' | 'move';

/**
 * A store that refuses to overwrite, delete or move a lock file where no version is named, as a bucket's policy can. Everything else
 * it does as the other store. It records what it refused.
 */
export class ConditionalOnlyVfs extends WrappedVfs {
  readonly refused: string[] = [];
  readonly #refuses: readonly Unconditional[];

  constructor(inner: Vfs, refuses: readonly Unconditional[] = ['write', 'delete', 'move']) {
    super(inner);
    this.#refuses = refuses;
  }

  override async write(path: string, data: Uint8Array | AsyncIterable<Uint8Array>, options?: CallOptions) {
    this.#check('write', path);
    await super.write(path, data, options);
  }
  override async delete(path: string, options?: CallOptions): Promise<boolean> {
    this.#check('delete', path);
    return await super.delete(path, options);
  }
  override async move(from: string, to: string, options?: MoveOptions): Promise<void> {
    this.#check('move', from);
    this.#check('move', to);
    await super.move(from, to, options);
  }

  #check(change: Unconditional, path: string): void {
    if (!path.endsWith('.lock') || !this.#refuses.includes(change)) return;
    this.refused.push(`${change} ${path}`);
    throw new VfsError('ERR_VFS_DENIED', `cannot ${change} ${this.locate(path)}: AccessDenied`);
  }
}
