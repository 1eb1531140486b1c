import type { MemVfs } from 'vfs-lockfile/mem';

import { byId, seconds, setText } from './elements.js';
import type { Library } from './library.js';
import { REPORT } from './worker.js';

/** The lock as anybody reads it in the store. */
export class LockView {
  readonly #library: Library;
  readonly #store: MemVfs;

  constructor(library: Library, store: MemVfs) {
    this.#library = library;
    this.#store = store;
  }

  async draw(): Promise<void> {
    const { inspect, VfsFile } = this.#library;
    const { state, record, fencingToken, expiresInMs = 0 } = await inspect(new VfsFile(this.#store, 'orders.csv'));
    const isHeld = state === 'held' || state === 'stale';
    const bar = byId('lock-bar', HTMLProgressElement);
    bar.hidden = !isHeld;
    bar.value = expiresInMs;
    const rest = state === 'stale' ? 'its lease is over' : `${seconds(expiresInMs)} left`;
    const holder = `${record?.ownerId ?? 'nobody'}, token ${fencingToken}, ${rest}`;
    const last = fencingToken === undefined ? '' : `; the last token was ${fencingToken}`;
    setText(byId('lock-text'), isHeld ? holder : `free${last}`);
  }
}

/** The data that the workers write. */
export class ReportView {
  readonly #library: Library;
  readonly #store: MemVfs;

  constructor(library: Library, store: MemVfs) {
    this.#library = library;
    this.#store = store;
  }

  async draw(): Promise<void> {
    const file = new this.#library.VfsFile(this.#store, REPORT);
    const text = (await file.stat()) === undefined ? 'not written yet' : `“${await file.readText()}”`;
    setText(byId('report'), text);
  }
}
