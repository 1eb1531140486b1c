import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import type { LockEvent, LockEventName } from '../lock/model/events.js';
import { checkOptions, OBJECT, type OptionKinds } from '../util/option-check.js';
import { globalProviders, type MeterProvider, type Providers, type Span, type TracerProvider } from './api.js';
import { LockMetrics } from './metrics.js';
import { endHoldSpan, addRenewal, recordSpan, startHoldSpan } from './spans.js';

export type { MeterProvider, TracerProvider };

/** Options of `startTelemetry`. */
export interface TelemetryOptions {
  /**
   * Where metrics are sent.
   * @default the global one of `@opentelemetry/api`
   */
  readonly meterProvider?: MeterProvider | undefined;
  /**
   * Where spans are sent.
   * @default the global one of `@opentelemetry/api`
   */
  readonly tracerProvider?: TracerProvider | undefined;
}

const TELEMETRY_OPTIONS: OptionKinds<TelemetryOptions> = { meterProvider: OBJECT, tracerProvider: OBJECT };

type Listeners = Readonly<Partial<Record<LockEventName, (event: LockEvent) => void>>>;

/**
 * Records OpenTelemetry metrics and spans for all locks of this process from now on. Metrics have the backend and the reason as
 * attributes, spans also the path, the `lockId` and the owner. Returns a function that stops the recording. If it is started
 * twice, everything is counted twice.
 *
 * @throws {LockOptionError} `ERR_LOCK_OPTION`: an option is unknown, or no provider.
 * @throws {Error} if a global provider is needed and the package `@opentelemetry/api` is not installed.
 * @example
 * const stop = await startTelemetry();
 * process.once('beforeExit', stop);
 */
export async function startTelemetry(options: TelemetryOptions = {}): Promise<() => void> {
  checkOptions('startTelemetry', options, TELEMETRY_OPTIONS);
  const telemetry = new Telemetry(await providersOf(options));
  const listeners = Object.entries(telemetry.listeners).map(
    ([name, listen]) => [`vfs-lockfile:${name}`, (event: unknown) => listen(event as LockEvent)] as const,
  );
  for (const [channel, listen] of listeners) subscribe(channel, listen);
  return () => {
    for (const [channel, listen] of listeners) unsubscribe(channel, listen);
    telemetry.stop();
  };
}

async function providersOf({ meterProvider, tracerProvider }: TelemetryOptions): Promise<Providers> {
  if (meterProvider && tracerProvider) return { meterProvider, tracerProvider };
  const global = await globalProviders();
  return {
    meterProvider: meterProvider ?? global.meterProvider,
    tracerProvider: tracerProvider ?? global.tracerProvider,
  };
}

class Telemetry {
  readonly listeners: Listeners;
  /** The locks that were acquired since the start and are held now, by `lockId`. */
  readonly #held = new Map<string, { readonly span: Span; readonly backend: string }>();
  readonly #metrics: LockMetrics;

  constructor({ meterProvider, tracerProvider }: Providers) {
    const metrics = new LockMetrics(meterProvider.getMeter('vfs-lockfile'));
    const tracer = tracerProvider.getTracer('vfs-lockfile');
    this.#metrics = metrics;
    const onFailure = (event: LockEvent): void => {
      metrics.recordWait(event);
      recordSpan(tracer, 'acquire', event);
    };
    this.listeners = {
      steal: (event) => metrics.recordSteal(event),
      acquire: (event) => {
        metrics.recordAcquire(event);
        recordSpan(tracer, 'acquire', event);
        this.#held.set(event.lockId, { span: startHoldSpan(tracer, event), backend: event.backend });
      },
      timeout: onFailure,
      fail: onFailure,
      renew: (event) => {
        metrics.recordRenewal(event);
        const held = this.#held.get(event.lockId);
        if (held) addRenewal(held.span, event);
      },
      lost: (event) => {
        metrics.recordLoss(event);
        this.#end(event, true);
      },
      release: (event) => this.#end(event, false),
      'force-release': (event) => recordSpan(tracer, 'force-release', event),
    };
  }

  /** Ends the spans of all locks that are held, and no longer counts these locks as held. */
  stop(): void {
    for (const { span, backend } of this.#held.values()) {
      span.end();
      this.#metrics.decrementHeld(backend);
    }
    this.#held.clear();
  }

  /** A lock that was lost may still be released. Only the first of the two events ends its span. */
  #end(event: LockEvent, lost: boolean): void {
    const held = this.#held.get(event.lockId);
    if (held === undefined) return;
    this.#held.delete(event.lockId);
    this.#metrics.recordHold(event);
    endHoldSpan(held.span, event, lost);
  }
}
