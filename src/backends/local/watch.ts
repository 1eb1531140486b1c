import { lstatSync, watch, type FSWatcher } from 'node:fs';

import { ABSENT, codeOf } from '../shared/plain/posix-errors.js';

/**
 * Calls `onChange` once, when the file that is there now changes or goes; where the system cannot watch, never. Undefined: there
 * is no file. The file itself is watched and not its folder, so that nobody is woken for other names in there.
 */
export function watchFile(path: string, onChange: () => void): (() => void) | undefined {
  let watcher: FSWatcher;
  try {
    // Most often the lock was just released, and an exception costs more than a check.
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
    watcher = watch(path, { persistent: false });
  } catch (error) {
    return ABSENT.includes(codeOf(error)) ? undefined : () => undefined;
  }
  const stop = (): void => {
    watcher.close();
  };
  watcher.once('change', () => {
    stop();
    onChange();
  });
  // The system has no watches left, for example: waiters continue by polling alone.
  watcher.on('error', stop);
  return stop;
}
