import type { LockEvent } from '../lock/model/events.js';
import type { Attributes, Span, Tracer } from './api.js';

const STATUS_ERROR = 2;

/** The reasons that are not errors: a normal end, or what the caller asked for. */
const EXPECTED: ReadonlySet<string> = new Set([
  'free',
  'expired',
  'dead-process',
  'unreadable',
  'held',
  'aborted',
  'released',
]);

/** Records a span that ends now and started `durationMs` before. It is a child of the active span. */
export function recordSpan(tracer: Tracer, name: string, event: LockEvent): void {
  const startTime = new Date(Date.now() - event.durationMs);
  const span = tracer.startSpan(`vfs-lockfile ${name}`, { startTime, attributes: attributesOf(event) });
  endSpan(span, event, { 'vfs_lockfile.attempts': event.attempt });
}

export function startHoldSpan(tracer: Tracer, event: LockEvent): Span {
  return tracer.startSpan('vfs-lockfile hold', { startTime: new Date(), attributes: attributesOf(event) });
}

/** Adds failed renewals only, because a lock may be renewed for days. */
export function addRenewal(span: Span, { reason, attempt, error }: LockEvent): void {
  if (reason !== 'failed') return;
  const cause = error instanceof Error ? error.message : String(error);
  span.addEvent('renewal failed', { 'vfs_lockfile.renewals': attempt, 'exception.message': cause });
}

export function endHoldSpan(span: Span, event: LockEvent, lost: boolean): void {
  endSpan(span, event, { 'vfs_lockfile.renewals': event.attempt }, lost);
}

function endSpan(span: Span, { reason, error, by }: LockEvent, attributes: Attributes, lost = false): void {
  span.setAttributes({
    ...attributes,
    'vfs_lockfile.reason': reason,
    ...(by !== undefined && { 'vfs_lockfile.by': by }),
  });
  if (error instanceof Error) span.recordException(error);
  if (lost || (by === undefined && !EXPECTED.has(reason))) span.setStatus({ code: STATUS_ERROR, message: reason });
  span.end();
}

function attributesOf({ path, backend, lockId, ownerId }: LockEvent): Attributes {
  return {
    'vfs_lockfile.path': path,
    'vfs_lockfile.backend': backend,
    'vfs_lockfile.lock_id': lockId,
    ...(ownerId !== '' && { 'vfs_lockfile.owner_id': ownerId }),
  };
}
