import { LockOptionError } from '../util/option-error.js';
import { tokenOf } from './model/token.js';
import type { HeldLock } from './protocol/held-lock.js';

/** The token of an acquisition, held or not. Throws `ERR_LOCK_OPTION` where the caller did not ask for one. */
export function fencingTokenOf({ lease, path }: HeldLock, fencing: boolean): bigint {
  const token = fencing ? tokenOf(lease.record) : undefined;
  if (token !== undefined) return token;
  throw new LockOptionError(`the lock ${path} has no fencing token; give the option fencing: true to it`);
}
