// @ts-check
import { now } from './journal.mjs';

/**
 * @typedef {import('./journal.mjs').JournalEvent} JournalEvent
 * @typedef {import('./journal.mjs').RecordedRecord} RecordedRecord
 * @typedef {import('./journal.mjs').Request} Request
 * @typedef {import('vfs-lockfile').Vfs} Vfs
 * @typedef {import('vfs-lockfile').SyncVfs} SyncVfs
 * @typedef {import('vfs-lockfile').Version} Version
 * @typedef {(...args: never[]) => unknown} Method
 */

/**
 * The same store, which writes down each request about a lock file before it is made, and its answer as soon as it is there.
 *
 * @param {Vfs} vfs
 * @param {(event: JournalEvent) => void} write
 * @param {string} [storeId] another one than the store's own: callers of one process queue only for the same store
 * @returns {Vfs}
 */
export function recorded(vfs, write, storeId = vfs.storeId) {
  const recorder = new Recorder(write);
  const side = recorder.wrap(vfs, { ...(storeId !== undefined && { storeId }) });
  return vfs.sync ? recorder.wrap(vfs, { storeId, sync: recorder.wrap(vfs.sync, {}) }) : side;
}

class Recorder {
  /** @readonly */
  #write;
  /**
   * @readonly
   * @type {Map<string, string>} the id of the record of each version
   */
  #ids = new Map();
  #calls = 0;

  /** @param {(event: JournalEvent) => void} write */
  constructor(write) {
    this.#write = write;
  }

  /**
   * @template {Vfs | SyncVfs} T
   * @param {T} inner
   * @param {object} replaced members
   * @returns {T}
   */
  wrap(inner, replaced) {
    const members = { ...replaced, ...this.#requestsOf(inner) };
    return new Proxy(inner, {
      get: (target, name) => {
        if (Object.hasOwn(members, name)) return Reflect.get(members, name);
        const value = Reflect.get(target, name, target);
        return typeof value === 'function' ? /** @type {Method} */ (value).bind(target) : value;
      },
    });
  }

  /** @param {Vfs | SyncVfs} inner */
  #requestsOf(inner) {
    return {
      read: (/** @type {[string, object?]} */ ...args) =>
        this.#record({ lock: args[0], op: 'read' }, () => inner.read(...args)),
      create: (/** @type {[string, Uint8Array, object?]} */ ...args) =>
        this.#record({ lock: args[0], op: 'create', record: recordIn(args[1]) }, () => inner.create(...args)),
      replace: (/** @type {[string, Version, Uint8Array, object?]} */ ...args) => {
        const request = { lock: args[0], op: /** @type {const} */ ('replace'), record: recordIn(args[2]) };
        return this.#record({ ...request, expect: this.#ids.get(args[1]) }, () => inner.replace(...args));
      },
      remove: (/** @type {[string, Version, object?]} */ ...args) => {
        const request = { lock: args[0], op: /** @type {const} */ ('remove'), expect: this.#ids.get(args[1]) };
        return this.#record(request, () => inner.remove(...args));
      },
    };
  }

  /**
   * @param {Request} request
   * @param {() => unknown} make
   */
  #record(request, make) {
    if (!request.lock.endsWith('.lock')) return make();
    const call = (this.#calls += 1);
    this.#write({ kind: 'send', at: String(now()), call, ...request });
    const answer = (/** @type {unknown} */ result) => {
      this.#write({ kind: 'answer', at: String(now()), call, ...this.#meaning(request, result) });
      return result;
    };
    const fail = (/** @type {unknown} */ error) => {
      const { effect } = /** @type {Partial<import('vfs-lockfile').VfsError>} */ (error);
      const isSure = request.op === 'read' || effect === 'none';
      this.#write({ kind: 'answer', at: String(now()), call, outcome: isSure ? 'none' : 'unknown' });
      throw error;
    };
    /** @type {unknown} */
    let result;
    try {
      result = make();
    } catch (error) {
      return fail(error);
    }
    return result instanceof Promise ? result.then(answer, fail) : answer(result);
  }

  /**
   * @param {Request} request
   * @param {unknown} result
   * @returns {Pick<import('./journal.mjs').Answer, 'outcome' | 'found'>}
   */
  #meaning({ op, record }, result) {
    if (op === 'read') {
      const snapshot = /** @type {import('vfs-lockfile').Snapshot | undefined} */ (result);
      const found = snapshot && recordIn(snapshot.data);
      if (snapshot && found) this.#ids.set(snapshot.version, found.id);
      return { outcome: 'won', found };
    }
    const written = /** @type {import('vfs-lockfile').Written | boolean | undefined} */ (result);
    if (record && typeof written === 'object') this.#ids.set(written.version, record.id);
    return { outcome: written ? 'won' : 'lost' };
  }
}

/**
 * @param {Uint8Array} data the content of a lock file, which nobody here writes but this library
 * @returns {RecordedRecord}
 */
function recordIn(data) {
  const json = JSON.parse(Buffer.from(data).toString());
  const { nonce: id, lockId: acq, fencingToken: token = '', released: free = false, ttl, lease = ttl / 1e6 } = json;
  return { id, acq, token, free, leaseMs: lease };
}
