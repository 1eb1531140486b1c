import { randomBytes } from 'node:crypto';

/**
 * 128 random bits in hexadecimal, different at each call. They are drawn when they are needed, and mixed with the time in nanoseconds:
 * clones of a machine or process share whatever random numbers it had in store.
 */
export function freshId(): string {
  const bytes = randomBytes(16);
  bytes.writeBigUInt64BE(bytes.readBigUInt64BE(8) ^ process.hrtime.bigint(), 8);
  return bytes.toString('hex');
}
