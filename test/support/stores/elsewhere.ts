import { WrappedVfs } from './wrapped-vfs.js';

/**
 * The same store as another process has it: the locks of one process queue on one another by what they are called, and those of
 * this store are called differently, so that only the store keeps them apart from the others.
 */
export class Elsewhere extends WrappedVfs {
  override locate(path: string): string {
    return `elsewhere: ${super.locate(path)}`;
  }
}
