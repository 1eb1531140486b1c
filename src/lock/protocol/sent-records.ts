import { encodeRecord, type LockRecord } from '../model/record.js';

/**
 * The records that one acquisition sent and that may be in the lock file now. A record in the file is ours only if its bytes are
 * among them: clones of a machine draw equal ids, and somebody else may have released the record meanwhile.
 */
export class SentRecords {
  #records: readonly LockRecord[] = [];

  add(record: LockRecord): void {
    this.#records = [...this.#records, record];
  }

  /** The store has accepted `record`, so that no earlier one can still be in the file. */
  settle(record: LockRecord): void {
    this.#records = [record];
  }

  /** The record that was sent as `data`. Undefined: these bytes are not ours. */
  find(data: Uint8Array): LockRecord | undefined {
    return this.#records.find((record) => Buffer.compare(encodeRecord(record), data) === 0);
  }
}
