import { tokenOf } from '../lock/model/token.js';
import { kindOf, LockOptionError } from '../util/option-error.js';

/** A fencing token: as `lock.fencingToken` is, or as the text that it was sent as. */
export type FencingToken = bigint | string;

/** Throws `ERR_LOCK_OPTION` for what is no token. */
export function checkedToken(token: FencingToken): bigint {
  const isText = typeof token === 'string' || typeof token === 'bigint';
  const checked = isText ? tokenOf({ fencingToken: String(token) }) : undefined;
  if (checked !== undefined) return checked;
  const shown = isText ? JSON.stringify(String(token).slice(0, 40)) : kindOf(token);
  throw new LockOptionError(`a fencing token must be a bigint or its text, from 1 to 2^63 - 1, not ${shown}`);
}
