import { AsyncLocalStorage } from 'node:async_hooks';

import { LockReentrantError } from '../model/errors.js';
import type { Vfs } from '../../vfs/vfs.js';
import type { LockTarget } from './target.js';

/** A lock that a function runs under. */
interface ScopeLock {
  /** The display path of the lock file. */
  readonly path: string;
  readonly file: { readonly vfs: Vfs };
  readonly held: boolean;
}

interface HeldScope {
  readonly lock: ScopeLock;
  readonly outer: HeldScope | undefined;
}

/** Made by the first scope: a process that never opens one does not pay for it. */
let scopes: AsyncLocalStorage<HeldScope> | undefined;

/** Runs `fn`, and all that it starts, in the scope of `lock`. */
export function runInScope<T>(lock: ScopeLock, fn: () => T): T {
  scopes ??= new AsyncLocalStorage();
  return scopes.run({ lock, outer: scopes.getStore() }, fn);
}

/** Throws when the caller runs in the scope of this very lock, so that it would wait for itself. */
export function refuseReentrance({ displayPath, vfs }: LockTarget): void {
  for (let scope = scopes?.getStore(); scope; scope = scope.outer) {
    const { lock } = scope;
    if (lock.path === displayPath && lock.file.vfs.storeId === vfs.storeId && lock.held) {
      throw new LockReentrantError(displayPath);
    }
  }
}
