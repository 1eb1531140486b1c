import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import type { LockEvent, LockEventName } from '../lock/model/events.js';
import { globalProviders, type MeterProvider, type Providers, type Span, type TracerProvider } from './api.js';
import { LockMetrics } from './metrics.js';
import { endHolding, noteRenewal, pastSpan, startHolding } from './spans.js';

export type { MeterProvider, TracerProvider };

export interface TelemetryOptions {
  /** Default: the global one of `@opentelemetry/api`. */
  readonly meterProvider?: MeterProvider;
  /** Default: the global one of `@opentelemetry/api`. */
  readonly tracerProvider?: TracerProvider;
}

type Listeners = Readonly<Partial<Record<LockEventName, (event: LockEvent) => void>>>;

/**
 * Turns the events of all locks of this process into OpenTelemetry metrics and spans, from now on. Metrics tell the backend
 * and the reason alone, spans also the path, the `lockId` and the owner. Resolves with how to stop; rejects when
 * `@opentelemetry/api` is needed and not installed. To start twice is to count twice.
 */
export async function startTelemetry(options: TelemetryOptions = {}): Promise<() => void> {
  const telemetry = new Telemetry(await providersOf(options));
  const listeners = Object.entries(telemetry.listeners).map(
    ([name, listen]) => [`vfs-lockfile:${name}`, (event: unknown) => listen(event as LockEvent)] as const,
  );
  for (const [channel, listen] of listeners) subscribe(channel, listen);
  return () => {
    for (const [channel, listen] of listeners) unsubscribe(channel, listen);
    telemetry.forget();
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
  /** The locks that were taken since the start and are held now, by their ids. */
  readonly #held = new Map<string, { readonly span: Span; readonly backend: string }>();
  readonly #metrics: LockMetrics;

  constructor({ meterProvider, tracerProvider }: Providers) {
    const metrics = new LockMetrics(meterProvider.getMeter('vfs-lockfile'));
    const tracer = tracerProvider.getTracer('vfs-lockfile');
    this.#metrics = metrics;
    const gaveUp = (event: LockEvent): void => {
      metrics.waited(event);
      pastSpan(tracer, 'acquire', event);
    };
    this.listeners = {
      steal: (event) => metrics.stolen(event),
      acquire: (event) => {
        metrics.acquired(event);
        pastSpan(tracer, 'acquire', event);
        this.#held.set(event.lockId, { span: startHolding(tracer, event), backend: event.backend });
      },
      timeout: gaveUp,
      fail: gaveUp,
      renew: (event) => {
        metrics.renewed(event);
        const held = this.#held.get(event.lockId);
        if (held) noteRenewal(held.span, event);
      },
      lost: (event) => {
        metrics.lost(event);
        this.#end(event, true);
      },
      release: (event) => this.#end(event, false),
      'force-release': (event) => pastSpan(tracer, 'force-release', event),
    };
  }

  /** Leaves nothing behind that would go on counting as held. */
  forget(): void {
    for (const { span, backend } of this.#held.values()) {
      span.end();
      this.#metrics.noLongerHeld(backend);
    }
    this.#held.clear();
  }

  /** A lock that was lost may still be released: only the first of the two ends the holding. */
  #end(event: LockEvent, lost: boolean): void {
    const held = this.#held.get(event.lockId);
    if (held === undefined) return;
    this.#held.delete(event.lockId);
    this.#metrics.held(event);
    endHolding(held.span, event, lost);
  }
}
