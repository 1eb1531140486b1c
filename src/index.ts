/**
 * The public API of `vfs-lockfile`. Stores other than the local disk, the inbox and the tools for operators have entry points of
 * their own: `vfs-lockfile/mem`, `/sftp`, `/s3`, `/gcs`, `/inbox`, `/admin`, `/fencing`, `/journal`, `/serve`, `/otel`,
 * `/testing` and `/conformance`.
 */
export { withLock } from './lock/with-lock.js';
export { lock, type HeldLock } from './lock/lock.js';
export { named } from './lock/named.js';
export { Lockfile } from './lock/lockfile.js';
export type { FencedLock } from './lock/fenced-lock.js';
export type { ReportingLock } from './lock/reporting-lock.js';
export { lockSync, withLockSync, type SyncAcquireOptions, type SyncLock } from './lock/sync-lock.js';

export type { CommitData } from './fencing/commit.js';
export type { AcquireOptions } from './lock/model/acquire-options.js';
export type { LockOptions, RenewOptions, StaleHandler } from './lock/model/options.js';
export type { Duration } from './util/duration.js';
export type { NamedId } from './lock/model/named.js';
export type { ForeignLock } from './lock/model/foreign.js';
export type { EndedLock, LockRecord } from './lock/model/record.js';
export type { Waiter } from './lock/model/waiter.js';
export type { LockProgress } from './lock/model/progress.js';
export type { Reclaimed } from './lock/model/holder.js';
export type { StaleReason } from './lock/model/staleness.js';
export { events, type LockEvent, type LockEventName } from './lock/model/events.js';

export * from './lock/model/errors.js';
export { LockOptionError } from './util/option-error.js';
export { VfsError, effectOf, type Effect, type VfsErrorCode } from './vfs/errors.js';

export { openFile, registerBackend, type Backend } from './open.js';
export { VfsFile } from './vfs/file.js';
export { localVfs, LocalVfs, type LocalVfsOptions } from './backends/local/index.js';
export type * from './vfs/commit.js';
export type * from './vfs/vfs.js';
