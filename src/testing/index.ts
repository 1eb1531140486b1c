/** For tests of code that locks: time that a test moves, plain paths in memory, holders that crash. */
export { useFakeClock, useGlobalClock, type FakeClock } from './clock.js';
export { useVfs } from './vfs.js';
export { crash, staleLock, type CrashableLock } from '../lock/crash.js';
export type { Undo } from './undo.js';
