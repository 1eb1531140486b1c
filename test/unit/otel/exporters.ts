import type { Attributes } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-base';

import { pass } from '../../support/protocol/lab.js';

/** One value of a metric: a sum, or of a histogram its count and sum. */
export interface Point {
  readonly metric: string;
  readonly unit: string;
  readonly attributes: Attributes;
  readonly value: number | { readonly count: number; readonly sum: number | undefined };
}

/** Time stands still in these tests, and the exporters wait for a timer. */
async function settled(work: Promise<void>): Promise<void> {
  await pass(1);
  await work;
}

/** The real SDK, exporting into memory. */
export class Exporters {
  readonly #metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  readonly #spans = new InMemorySpanExporter();
  readonly meterProvider = new MeterProvider({
    readers: [new PeriodicExportingMetricReader({ exporter: this.#metrics, exportIntervalMillis: 2 ** 30 })],
  });
  readonly tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(this.#spans)] });

  /** Everything that was measured so far. */
  async points(): Promise<readonly Point[]> {
    this.#metrics.reset();
    await settled(this.meterProvider.forceFlush());
    const metrics = this.#metrics
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((each) => each.metrics));
    return metrics.flatMap(({ descriptor: { name, unit }, dataPoints }) =>
      dataPoints.map(({ attributes, value }) => {
        const plain = typeof value === 'number' ? value : { count: value.count, sum: 'sum' in value ? value.sum : NaN };
        return { metric: name.replace('vfs_lockfile.', ''), unit, attributes, value: plain };
      }),
    );
  }

  /** The values of one metric by backend and reason. */
  async valuesOf(metric: string): Promise<Readonly<Record<string, Point['value']>>> {
    const points = (await this.points()).filter((point) => point.metric === metric);
    return Object.fromEntries(points.map(({ attributes, value }) => [Object.values(attributes).join(' '), value]));
  }

  /** The spans that have ended, the first to end first. */
  get spans(): readonly ReadableSpan[] {
    return this.#spans.getFinishedSpans();
  }

  async close(): Promise<void> {
    await settled(this.meterProvider.shutdown());
    await this.tracerProvider.shutdown();
  }
}
