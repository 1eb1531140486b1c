import type { LockEvent } from '../lock/model/events.js';
import type { Attributes, Span, Tracer } from './api.js';

const ERROR = 2;

/** These are how locks are meant to end, or what the caller asked for. */
const EXPECTED: ReadonlySet<string> = new Set([
  'free',
  'expired',
  'dead-process',
  'unreadable',
  'held',
  'aborted',
  'released',
]);

/** A span of the time that is over when the event is published; a child of the span that is active then. */
export function pastSpan(tracer: Tracer, name: string, event: LockEvent): void {
  const startTime = new Date(Date.now() - event.durationMs);
  const span = tracer.startSpan(`vfs-lockfile ${name}`, { startTime, attributes: aboutLock(event) });
  conclude(span, event, { 'vfs_lockfile.attempts': event.attempt });
}

export function startHolding(tracer: Tracer, event: LockEvent): Span {
  return tracer.startSpan('vfs-lockfile hold', { startTime: new Date(), attributes: aboutLock(event) });
}

/** Only failures, as a lock may be renewed for days. */
export function noteRenewal(span: Span, { reason, attempt, error }: LockEvent): void {
  if (reason !== 'failed') return;
  const cause = error instanceof Error ? error.message : String(error);
  span.addEvent('renewal failed', { 'vfs_lockfile.renewals': attempt, 'exception.message': cause });
}

export function endHolding(span: Span, event: LockEvent, lost: boolean): void {
  conclude(span, event, { 'vfs_lockfile.renewals': event.attempt }, lost);
}

function conclude(span: Span, { reason, error, by }: LockEvent, attributes: Attributes, lost = false): void {
  span.setAttributes({
    ...attributes,
    'vfs_lockfile.reason': reason,
    ...(by !== undefined && { 'vfs_lockfile.by': by }),
  });
  if (error instanceof Error) span.recordException(error);
  if (lost || (by === undefined && !EXPECTED.has(reason))) span.setStatus({ code: ERROR, message: reason });
  span.end();
}

function aboutLock({ path, backend, lockId, ownerId }: LockEvent): Attributes {
  return {
    'vfs_lockfile.path': path,
    'vfs_lockfile.backend': backend,
    'vfs_lockfile.lock_id': lockId,
    ...(ownerId !== '' && { 'vfs_lockfile.owner_id': ownerId }),
  };
}
