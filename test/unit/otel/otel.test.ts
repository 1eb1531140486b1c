import { channel } from 'node:diagnostics_channel';

import { context, metrics, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { publish } from '../../../src/lock/model/events.js';
import { withLock, VfsFile, type LockEvent } from '../../../src/index.js';
import { startTelemetry } from '../../../src/otel/index.js';
import { refused } from '../../support/protocol/faulty-vfs.js';
import { FILE, Lab, lockOn, outcome, pass, useFakeTime } from '../../support/protocol/lab.js';
import { Exporters } from './exporters.js';

useFakeTime();

let lab: Lab;
let exporters: Exporters;
let stop: () => void;

beforeEach(async () => {
  lab = new Lab();
  exporters = new Exporters();
  stop = await startTelemetry(exporters);
});
afterEach(async () => {
  stop();
  await exporters.close();
});

const once = (sum: number): unknown => ({ count: 1, sum: expect.closeTo(sum, 1) as number });

describe('the metrics', () => {
  it('tell how long locks were waited for and held, and how many are held now', async () => {
    const [first, second] = [lockOn(lab.machine(), { ttl: 60_000 }), lockOn(lab.machine())];
    await first.acquire();
    expect(await exporters.valuesOf('held')).toEqual({ mem: 1 });
    const waiting = second.acquire();
    await pass(5000);
    await first.release();
    await pass(100);
    await waiting;
    expect(await exporters.valuesOf('held')).toEqual({ mem: 1 });
    await second.release();
    expect(await exporters.valuesOf('held')).toEqual({ mem: 0 });
    expect(await exporters.valuesOf('wait.duration')).toEqual({
      'mem free': { count: 2, sum: expect.closeTo(5, 0) as number },
    });
    expect(await exporters.valuesOf('hold.duration')).toEqual({
      'mem released': { count: 2, sum: expect.closeTo(5, 0) as number },
    });
    expect(await exporters.valuesOf('lost')).toEqual({});
  });

  it('tell of time-outs, apart from locks that were found held and from other failures', async () => {
    const holder = lockOn(lab.machine());
    await holder.acquire();
    const lock = lockOn(lab.machine());
    const waiting = outcome(lock.acquire({ wait: 3000 }));
    await lockOn(lab.machine()).tryAcquire();
    const unlucky = lab.machine();
    unlucky.always('create', refused);
    await expect(lockOn(unlucky).acquire()).rejects.toThrow('permission denied');
    await pass(3000);
    expect(waiting.open).toBe(false);
    expect(await exporters.valuesOf('timeouts')).toEqual({ 'mem timeout': 1 });
    expect(await exporters.valuesOf('wait.duration')).toEqual({
      'mem free': once(0),
      'mem held': once(0),
      'mem failed': once(0),
      'mem timeout': once(3),
    });
    await holder.release();
  });

  it('tell of locks that were lost and stolen, and of renewals that failed', async () => {
    const vfs = lab.machine();
    const victim = lockOn(vfs, { ttl: 3000 });
    await victim.acquire();
    vfs.always('replace', refused);
    await pass(3100);
    expect(victim.loss?.reason).toBe('expired');
    expect(await exporters.valuesOf('held')).toEqual({ mem: 0 });
    expect(await lockOn(lab.machine()).tryAcquire()).toBe(true);
    await victim.release();
    expect(await exporters.valuesOf('lost')).toEqual({ 'mem expired': 1 });
    expect(await exporters.valuesOf('stolen')).toEqual({ 'mem expired': 1 });
    expect(await exporters.valuesOf('held')).toEqual({ mem: 1 });
    expect(await exporters.valuesOf('hold.duration')).toEqual({ 'mem expired': once(3) });
    const { 'mem failed': failed, ...others } = await exporters.valuesOf('renewals');
    expect(failed).toBeGreaterThan(1);
    expect(others).toEqual({});
  });

  it('have durations in seconds, and no attributes but the backend and a reason out of a fixed set', async () => {
    for (let i = 0; i < 50; i += 1) {
      const file = new VfsFile(lab.machine(), `file-${i}`);
      await withLock(file, (_, lock) => lock.renew(), { ownerId: `owner-${i}`, note: { i } });
    }
    const event: LockEvent = {
      ...{ path: '/a', backend: 'file', lockId: 'x', ownerId: 'y', attempt: 1, durationMs: 1 },
      reason: `the lock /a is held by somebody with an id of its own`,
    };
    for (const name of ['steal', 'acquire', 'timeout', 'fail', 'renew', 'lost', 'release', 'force-release'] as const) {
      for (let i = 0; i < 50; i += 1)
        publish(name, () => ({ ...event, lockId: `${i}`, reason: `${event.reason} ${i}` }));
    }
    publish('timeout', () => ({ ...event, reason: 'timeout' }));
    const points = await exporters.points();
    expect(new Set(points.map(({ metric }) => metric)).size).toBe(7);
    expect(points.length).toBeLessThan(20);
    for (const { metric, unit, attributes } of points) {
      expect(Object.keys(attributes).sort().join()).toMatch(/^vfs_lockfile\.backend(,vfs_lockfile\.reason)?$/);
      expect(attributes['vfs_lockfile.reason'] ?? 'other').toMatch(/^(free|renewed|released|timeout|other)$/);
      expect(unit).toMatch(metric.endsWith('.duration') ? /^s$/ : /^\{\w+\}$/);
    }
  });
});

describe('the spans', () => {
  const told = (): unknown[] => exporters.spans.map(({ name, attributes, status }) => ({ name, attributes, status }));

  it('are one of each acquisition and one of each lock held', async () => {
    const holder = lockOn(lab.machine());
    await holder.acquire();
    const lock = lockOn(lab.machine(), { ownerId: 'ingest-1' });
    const waiting = lock.acquire();
    await pass(2000);
    await holder.release();
    await pass(100);
    await waiting;
    const lockId = lock.record?.lockId;
    await pass(1000);
    await lock.renew();
    await lock.release();
    const about = {
      ...{ 'vfs_lockfile.path': lock.path, 'vfs_lockfile.backend': 'mem' },
      ...{ 'vfs_lockfile.lock_id': lockId, 'vfs_lockfile.owner_id': 'ingest-1' },
    };
    const attempts = expect.any(Number) as number;
    expect(told().slice(-2)).toEqual([
      {
        name: 'vfs-lockfile acquire',
        attributes: { ...about, 'vfs_lockfile.attempts': attempts, 'vfs_lockfile.reason': 'free' },
        status: { code: SpanStatusCode.UNSET },
      },
      {
        name: 'vfs-lockfile hold',
        attributes: { ...about, 'vfs_lockfile.renewals': 1, 'vfs_lockfile.reason': 'released' },
        status: { code: SpanStatusCode.UNSET },
      },
    ]);
    const lengths = exporters.spans.slice(-2).map(({ duration: [s, ns] }) => s + ns / 1e9);
    expect(lengths).toEqual([expect.closeTo(2, 0), expect.closeTo(1, 0)]);
    expect(exporters.spans).toHaveLength(4);
  });

  it('are errors when an acquisition failed or timed out, and when a lock was lost, with what was in the way', async () => {
    const vfs = lab.machine();
    const victim = lockOn(vfs, { ttl: 3000 });
    await victim.acquire();
    const late = outcome(lockOn(lab.machine()).acquire({ wait: 100 }));
    const unlucky = lab.machine();
    unlucky.always('create', refused);
    await expect(lockOn(unlucky).acquire()).rejects.toThrow('permission denied');
    vfs.always('replace', refused);
    await pass(3000);
    await victim.release();
    expect(late.open).toBe(false);
    const errors = exporters.spans.filter(({ status }) => status.code === SpanStatusCode.ERROR);
    expect(errors.map(({ name, status }) => [name, status.message])).toEqual([
      ['vfs-lockfile acquire', 'failed'],
      ['vfs-lockfile acquire', 'timeout'],
      ['vfs-lockfile hold', 'expired'],
    ]);
    const [failed, , lost] = errors.map(({ events }) => events);
    expect(failed?.[0]?.attributes).toMatchObject({ 'exception.message': 'permission denied' });
    expect(lost?.map(({ name }) => name)).toEqual(expect.arrayContaining(['renewal failed', 'exception']));
    expect(exporters.spans.filter(({ name }) => name === 'vfs-lockfile hold')).toHaveLength(1);
  });

  it('are no errors when the caller wanted it so', async () => {
    await lockOn(lab.machine()).acquire();
    await lockOn(lab.machine()).tryAcquire();
    const controller = new AbortController();
    const waiting = outcome(lockOn(lab.machine()).acquire({ signal: controller.signal }));
    await pass(10);
    controller.abort();
    await pass(0);
    expect(waiting.open).toBe(false);
    const reasons = exporters.spans.map(({ attributes, status }) => [attributes['vfs_lockfile.reason'], status.code]);
    expect(reasons).toEqual([
      ['free', SpanStatusCode.UNSET],
      ['held', SpanStatusCode.UNSET],
      ['aborted', SpanStatusCode.UNSET],
    ]);
  });

  it('tell who ended a lock by force and why', () => {
    const event = { path: '/a', backend: 'file', lockId: 'x', ownerId: 'y', attempt: 1, durationMs: 5 };
    publish('force-release', () => ({ ...event, reason: 'it hangs', by: 'me@here' }));
    expect(told()).toEqual([
      expect.objectContaining({
        name: 'vfs-lockfile force-release',
        attributes: expect.objectContaining({
          'vfs_lockfile.by': 'me@here',
          'vfs_lockfile.reason': 'it hangs',
        }) as unknown,
        status: { code: SpanStatusCode.UNSET },
      }),
    ]);
  });

  it('are children of the span in which the lock was asked for, however long that took', async () => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    try {
      const tracer = exporters.tracerProvider.getTracer('test');
      const holder = lockOn(lab.machine());
      await holder.acquire();
      const job = tracer.startSpan('job');
      const file = new VfsFile(lab.machine(), FILE);
      const working = context.with(trace.setSpan(context.active(), job), () => withLock(file, () => undefined));
      await pass(2000);
      await holder.release();
      await pass(100);
      await working;
      job.end();
      const parents = exporters.spans.slice(-3).map(({ name, parentSpanContext }) => [name, parentSpanContext?.spanId]);
      const { spanId } = job.spanContext();
      expect(parents).toEqual([
        ['vfs-lockfile acquire', spanId],
        ['vfs-lockfile hold', spanId],
        ['job', undefined],
      ]);
    } finally {
      context.disable();
    }
  });
});

describe('telemetry', () => {
  const names = ['wait', 'steal', 'acquire', 'timeout', 'fail', 'renew', 'lost', 'release', 'force-release'];
  const listening = (): readonly string[] => names.filter((name) => channel(`vfs-lockfile:${name}`).hasSubscribers);

  it('listens to nothing more once it is stopped, and leaves no lock counted as held', async () => {
    const lock = lockOn(lab.machine());
    await lock.acquire();
    expect(listening()).toEqual(names.filter((name) => name !== 'wait'));
    stop();
    expect(listening()).toEqual([]);
    expect(await exporters.valuesOf('held')).toEqual({ mem: 0 });
    expect(exporters.spans.map(({ name }) => name)).toEqual(['vfs-lockfile acquire', 'vfs-lockfile hold']);
    await lock.release();
    stop();
    expect(await exporters.valuesOf('held')).toEqual({ mem: 0 });
    expect(exporters.spans).toHaveLength(2);
  });

  it('does not mistake a lock that was held before it started for one of its own', async () => {
    stop();
    const lock = lockOn(lab.machine());
    await lock.acquire();
    stop = await startTelemetry(exporters);
    await lock.release();
    expect(await exporters.valuesOf('held')).toEqual({});
    expect(await exporters.valuesOf('hold.duration')).toEqual({});
  });

  it('goes to the providers of the whole process unless others are given', async () => {
    stop();
    metrics.setGlobalMeterProvider(exporters.meterProvider);
    trace.setGlobalTracerProvider(exporters.tracerProvider);
    try {
      stop = await startTelemetry();
      await withLock(new VfsFile(lab.machine(), FILE), () => undefined);
      expect(await exporters.valuesOf('hold.duration')).toEqual({ 'mem released': once(0) });
      expect(exporters.spans).toHaveLength(2);
    } finally {
      metrics.disable();
      trace.disable();
    }
  });
});
