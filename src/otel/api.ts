/** The parts of `@opentelemetry/api` that are used, declared here so that this package's types do not need that package. */
export type Attributes = Readonly<Record<string, string | number>>;

/** The part of a `MeterProvider` of `@opentelemetry/api` that is used. */
export interface MeterProvider {
  /** Returns the meter of an instrumentation library by its name. */
  getMeter(name: string): Meter;
}

/** The part of a `TracerProvider` of `@opentelemetry/api` that is used. */
export interface TracerProvider {
  /** Returns the tracer of an instrumentation library by its name. */
  getTracer(name: string): Tracer;
}

export interface InstrumentOptions {
  readonly description: string;
  readonly unit: string;
  readonly advice?: { readonly explicitBucketBoundaries: number[] };
}

export interface Adder {
  add(value: number, attributes: Attributes): void;
}

export interface Recorder {
  record(value: number, attributes: Attributes): void;
}

export interface Meter {
  createHistogram(name: string, options: InstrumentOptions): Recorder;
  createCounter(name: string, options: InstrumentOptions): Adder;
  createUpDownCounter(name: string, options: InstrumentOptions): Adder;
}

export interface Span {
  setAttributes(attributes: Attributes): unknown;
  addEvent(name: string, attributes: Attributes): unknown;
  setStatus(status: { readonly code: 2; readonly message: string }): unknown;
  recordException(exception: Error): void;
  end(): void;
}

export interface Tracer {
  startSpan(name: string, options: { readonly startTime: Date; readonly attributes: Attributes }): Span;
}

/** Where metrics and spans are sent. */
export interface Providers {
  readonly meterProvider: MeterProvider;
  readonly tracerProvider: TracerProvider;
}

/** The global providers of this process. */
export async function globalProviders(): Promise<Providers> {
  const { metrics, trace } = await load();
  return { meterProvider: metrics, tracerProvider: trace };
}

async function load(): Promise<{ readonly metrics: MeterProvider; readonly trace: TracerProvider }> {
  try {
    return await import('@opentelemetry/api');
  } catch (cause) {
    const message = 'needs the package @opentelemetry/api; install it with `npm install @opentelemetry/api`';
    throw new Error(`vfs-lockfile/otel ${message}`, { cause });
  }
}
