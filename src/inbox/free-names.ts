import { wallMs } from '../util/time.js';
import { freshId } from '../util/fresh-id.js';
import { labelledPath, nameOf } from '../vfs/path.js';
import type { Vfs } from '../vfs/vfs.js';

/**
 * Paths to try one after the other until one is free: `path` itself, then with the current time behind its name, then also with
 * random digits. Names are shortened where they, with `suffix` behind, would be too long for the store.
 */
export function* freePaths(vfs: Vfs, path: string, suffix: string): Generator<string, never> {
  yield fitted(vfs, path, suffix);
  const time = new Date(wallMs()).toISOString().replace(/[-:.]/g, '');
  yield fitted(vfs, labelledPath(path, time), suffix, time);
  for (;;) {
    const label = `${time}-${freshId().slice(0, 8)}`;
    yield fitted(vfs, labelledPath(path, label), suffix, label);
  }
}

/** `path`, with its name cut before `label` and the extension until the store takes it. What it never takes stays whole. */
function fitted(vfs: Vfs, path: string, suffix: string, label?: string): string {
  const name = nameOf(path);
  const folder = path.slice(0, path.length - name.length);
  const end = label === undefined ? dotIn(name) : name.lastIndexOf(`-${label}`);
  for (const stem = Array.from(name.slice(0, end)); stem.length > 0; stem.pop()) {
    const shorter = folder + stem.join('') + name.slice(end);
    if (takes(vfs, shorter + suffix)) return shorter;
  }
  return path;
}

function dotIn(name: string): number {
  const dot = name.lastIndexOf('.');
  return dot > 0 ? dot : name.length;
}

function takes(vfs: Vfs, path: string): boolean {
  try {
    vfs.check(path);
    return true;
  } catch {
    return false;
  }
}
