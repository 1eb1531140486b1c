import type { HistoryEntry } from '../entry.js';
import { HistoryCounter, type Durations, type HistoryStatistics } from '../statistics.js';
import { spanText } from './axis.js';
import { lanesOf } from './lanes.js';
import { element, escaped } from './markup.js';
import { Spans } from './spans.js';
import { PAGE_STYLE } from './style.js';
import { svgOf } from './svg.js';

/** Options of `drawTimeline`. */
export interface TimelineOptions {
  /**
   * What the picture is of.
   * @default 'Locks'
   */
  readonly title?: string | undefined;
  /**
   * A page with numbers, or the picture alone. Both need nothing but themselves.
   * @default 'html'
   */
  readonly format?: 'html' | 'svg' | undefined;
}

/**
 * Draws a history: a lane for each holder, with the times at which it waited for a lock and held one, who was killed and who took
 * over. The result is one file without foreign parts, whose texts are all escaped. Of a long history the last 3000 acquisitions are
 * drawn.
 *
 * @example
 * await writeFile('timeline.html', await drawTimeline(readHistory('inbox'), { title: 'inbox' }));
 */
export async function drawTimeline(
  entries: AsyncIterable<HistoryEntry> | Iterable<HistoryEntry>,
  { title = 'Locks', format = 'html' }: TimelineOptions = {},
): Promise<string> {
  const spans = new Spans();
  const counter = new HistoryCounter();
  for await (const entry of entries) {
    spans.add(entry);
    counter.add(entry);
  }
  const { lanes, hidden } = lanesOf(spans.all, spans.range.toMs);
  const svg = svgOf({ lanes, range: spans.range, title });
  if (format === 'svg') return `${svg}\n`;
  return page(title, svg, counter.statistics, spans.leftOut + hidden);
}

function page(title: string, svg: string, statistics: HistoryStatistics, leftOut: number): string {
  const policy = "default-src 'none'; style-src 'unsafe-inline'";
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    element('title', {}, escaped(title) || ' '),
    element('style', {}, PAGE_STYLE),
    '</head><body>',
    element('h1', {}, escaped(title) || ' '),
    element('div', { class: 'scroll' }, `\n${svg}\n`),
    numbers(statistics),
    ...(leftOut > 0 ? [element('p', {}, `${leftOut} acquisitions are not drawn.`)] : []),
    '</body></html>\n',
  ].join('\n');
}

function numbers({ events, wait, hold, dropped }: HistoryStatistics): string {
  const row = (name: string, { count, p50, p90, p99, max }: Durations): string =>
    cells('td', [name, String(count), ...[p50, p90, p99, max].map(spanText)]);
  const head = cells('th', ['', 'times', 'p50', 'p90', 'p99', 'longest']);
  const counted = Object.entries(events).map(([name, count]) => `${name} ${count}`);
  const missing = dropped === 0 ? '' : element('p', {}, `${dropped} lines of the journal could not be written.`);
  const table = element('table', {}, [head, row('waited', wait), row('held', hold)].join('\n'));
  return `${table}\n${element('p', {}, escaped(counted.join(', ')) || ' ')}${missing}`;
}

function cells(kind: 'td' | 'th', texts: readonly string[]): string {
  return element('tr', {}, texts.map((text) => element(kind, {}, escaped(text) || ' ')).join(''));
}
