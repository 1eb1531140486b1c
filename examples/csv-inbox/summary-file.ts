import { FencedError, lock, openFile, type VfsFile } from 'vfs-lockfile';

import type { FinishedFile, Ledger } from './ledger.js';
import { SUMMARY, SUMMARY_LEASE_MS } from './settings.js';

/** A write that came too late. */
export interface LateWrite {
  /** The fencing token of whoever was late. */
  readonly token: string;
  /** The later token that has written the summary, or has its lock. */
  readonly by: string;
}

/** What a writer of the summary needs. */
export interface SummaryContext {
  /** The path or URI of the inbox. */
  readonly location: string;
  readonly ledger: Ledger;
  readonly ownerId: string;
}

export function summaryFile(location: string): Promise<VfsFile> {
  return openFile(`${location.replace(/\/+$/, '')}/${SUMMARY}`);
}

/**
 * Writes the figures of all files into the inbox. `beforeWrite` runs under the lock, when the figures have been read. Returns
 * undefined, or how the write was refused because somebody else had the lock by then.
 */
export async function writeSummary(
  { location, ledger, ownerId }: SummaryContext,
  beforeWrite?: () => Promise<void>,
): Promise<LateWrite | undefined> {
  const file = await summaryFile(location);
  const held = await lock(file, { fencing: true, ttl: SUMMARY_LEASE_MS, ownerId, wait: '10m' });
  try {
    const figures = await ledger.finished();
    await beforeWrite?.();
    await held.commit(file, JSON.stringify(figures));
    return undefined;
  } catch (error) {
    if (!(error instanceof FencedError)) throw error;
    return { token: String(error.token), by: String(error.by) };
  } finally {
    await held.release();
  }
}

/** The figures in the summary. Undefined: there is none. */
export async function readSummary(location: string): Promise<readonly FinishedFile[] | undefined> {
  const found = await (await summaryFile(location)).tryRead();
  return found && (JSON.parse(Buffer.from(found.data).toString()) as readonly FinishedFile[]);
}
