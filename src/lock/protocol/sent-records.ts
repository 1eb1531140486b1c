import { encodeRecord, type LockRecord } from '../model/record.js';

/**
 * The records that one acquisition sent and that may be in the lock file now. A record in the file is ours only if its bytes are
 * among them: clones of a machine draw equal ids, and somebody else may have released the record meanwhile.
 */
export class SentRecords {
  #records: readonly LockRecord[] = [];
  #accepted: LockRecord | undefined;
  /** The accepted record before the last one. */
  #previous: LockRecord | undefined;

  add(record: LockRecord): void {
    this.#records = [...this.#records, record];
  }

  /** The store has accepted `record`, so that no earlier one can still be in the file. */
  settle(record: LockRecord): void {
    this.#previous = this.#accepted;
    this.#accepted = record;
    this.#records = [record];
  }

  /**
   * Whether whoever read these bytes a moment ago read that the lock is ours. A renewal may have been accepted since, so that the
   * record before it counts as well.
   */
  isOurs(data: Uint8Array): boolean {
    const candidates = this.#previous ? [...this.#records, this.#previous] : this.#records;
    return candidates.some((record) => !record.released && Buffer.compare(encodeRecord(record), data) === 0);
  }

  /** The record that was sent as `data`. Undefined: these bytes are not ours. */
  find(data: Uint8Array): LockRecord | undefined {
    return this.#records.find((record) => Buffer.compare(encodeRecord(record), data) === 0);
  }
}
