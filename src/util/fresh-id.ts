import { randomBytes } from 'node:crypto';

let pool = '';

/** 128 random bits in hexadecimal, different at each call. */
export function freshId(): string {
  if (pool.length < 32) pool = randomBytes(1024).toString('hex');
  const id = pool.slice(-32);
  pool = pool.slice(0, -32);
  return id;
}
