import { watch, type FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';

/** One watcher of the system, shared by everybody in this process who waits for a file of the same folder. */
class FolderWatch {
  readonly #listeners = new Map<string, Set<() => void>>();
  readonly #watcher: FSWatcher;

  constructor(folder: string) {
    this.#watcher = watch(folder, { persistent: false }, (_event, name) => {
      this.#notify(name);
    });
    // The folder is gone, or the system has no watches left: waiters continue by polling alone.
    this.#watcher.on('error', () => {
      this.#watcher.close();
    });
  }

  get idle(): boolean {
    return this.#listeners.size === 0;
  }

  add(name: string, listener: () => void): void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
  }

  delete(name: string, listener: () => void): void {
    const listeners = this.#listeners.get(name);
    listeners?.delete(listener);
    if (listeners?.size === 0) this.#listeners.delete(name);
  }

  close(): void {
    this.#watcher.close();
  }

  #notify(name: string | null): void {
    const affected = name === null ? [...this.#listeners.values()] : [this.#listeners.get(name) ?? []];
    for (const listeners of affected) for (const listener of [...listeners]) listener();
  }
}

const folders = new Map<string, FolderWatch>();

/** Calls `onChange` when a name appears, disappears or changes; where the system cannot watch, never. */
export function watchFile(path: string, onChange: () => void): () => void {
  const folder = dirname(path);
  const name = basename(path);
  const shared = folders.get(folder) ?? open(folder);
  shared?.add(name, onChange);
  return () => {
    shared?.delete(name, onChange);
    if (!shared?.idle || folders.get(folder) !== shared) return;
    folders.delete(folder);
    shared.close();
  };
}

function open(folder: string): FolderWatch | undefined {
  try {
    const made = new FolderWatch(folder);
    folders.set(folder, made);
    return made;
  } catch {
    return undefined;
  }
}
