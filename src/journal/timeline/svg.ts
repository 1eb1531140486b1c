import { ticksOf, spanText } from './axis.js';
import type { Lane } from './lanes.js';
import { element, escaped } from './markup.js';
import type { Span } from './spans.js';
import { STYLE } from './style.js';

const WIDTH = 1200;
const LABELS = 150;
const ROW = 24;
const BAR = 16;
const TOP = 34;
const BOTTOM = 40;
const LETTER = 6.3;
const LONGEST_LABEL = 22;

export interface Drawing {
  readonly lanes: readonly Lane[];
  readonly range: { readonly fromMs: number; readonly toMs: number };
  readonly title: string;
}

/** The picture as one element. */
export function svgOf({ lanes, range, title }: Drawing): string {
  const rows = lanes.reduce((sum, lane) => sum + lane.rows.length, 0);
  const height = TOP + rows * ROW + BOTTOM;
  const scale = new Scale(range);
  const body = [
    element('title', {}, escaped(title)),
    element('style', {}, STYLE),
    DEFINITIONS,
    element('rect', { class: 'paper', width: WIDTH, height }),
    axis(scale, range, height - BOTTOM),
    ...bars(lanes, scale),
    legend(height - 14),
  ];
  const attributes = {
    ...{ xmlns: 'http://www.w3.org/2000/svg', class: 'timeline', viewBox: `0 0 ${WIDTH} ${height}` },
    ...{ role: 'img', 'aria-label': title },
  };
  return element('svg', attributes, `\n${body.join('\n')}\n`);
}

const DEFINITIONS = element(
  'defs',
  {},
  element(
    'pattern',
    { id: 'hatch', width: 6, height: 6, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' },
    element('line', { class: 'hatch', x1: 0, y1: 0, x2: 0, y2: 6 }),
  ) +
    element(
      'marker',
      { id: 'head', viewBox: '0 0 8 8', refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: 'auto' },
      element('path', { class: 'head', d: 'M0 0L8 4L0 8z' }),
    ),
);

class Scale {
  readonly toMs: number;
  readonly #fromMs: number;
  readonly #perMs: number;

  constructor({ fromMs, toMs }: Drawing['range']) {
    this.toMs = toMs;
    this.#fromMs = fromMs;
    this.#perMs = (WIDTH - LABELS - 12) / Math.max(1, toMs - fromMs);
  }

  x(ms: number): number {
    return LABELS + (ms - this.#fromMs) * this.#perMs;
  }
}

function axis(scale: Scale, range: Drawing['range'], bottom: number): string {
  const ticks = ticksOf(range, 12).map(({ atMs, text }) => {
    const x = scale.x(atMs);
    const line = element('line', { class: 'line', x1: x, x2: x, y1: TOP - 6, y2: bottom });
    return line + element('text', { class: 'dim', x: x + 3, y: TOP - 12 }, escaped(text));
  });
  const start = `from ${new Date(range.fromMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
  return element('text', { class: 'dim', x: 4, y: 12 }, escaped(start)) + ticks.join('');
}

/** The middle of each acquisition's row, for the arrows from one to the next. */
type Rows = Map<string, number>;

function bars(lanes: readonly Lane[], scale: Scale): readonly string[] {
  const folder = commonFolder(lanes.flatMap((lane) => lane.rows.flat()).map(({ lock }) => lock));
  const rows: Rows = new Map();
  const drawn: string[] = [];
  let y = TOP;
  for (const { name, rows: laneRows } of lanes) {
    const label = name.length > LONGEST_LABEL ? `${name.slice(0, LONGEST_LABEL - 1)}…` : name;
    drawn.push(element('line', { class: 'line', x1: 0, x2: WIDTH, y1: y, y2: y }));
    drawn.push(element('text', { x: 4, y: y + 16 }, `${element('title', {}, escaped(name) || ' ')}${escaped(label)}`));
    for (const row of laneRows) {
      for (const span of row) {
        rows.set(span.lockId, y + ROW / 2);
        drawn.push(bar(span, y + (ROW - BAR) / 2, { scale, folder }));
      }
      y += ROW;
    }
  }
  const spans = lanes.flatMap((lane) => lane.rows.flat());
  const byId = new Map(spans.map((span) => [span.lockId, span]));
  return [...drawn, ...spans.map((span) => arrow(span, byId, rows, scale))].filter((part) => part !== '');
}

function bar(span: Span, y: number, { scale, folder }: { readonly scale: Scale; readonly folder: string }): string {
  const { askedMs, heldMs, endMs = scale.toMs, end, takenFrom } = span;
  const waitEnd = heldMs ?? endMs;
  const parts = [
    element(
      'title',
      {},
      [span.lock.slice(folder.length).replace(/\.lock$/, ''), ...describe(span, scale.toMs)].map(escaped).join('\n'),
    ),
  ];
  if (waitEnd > askedMs) parts.push(rect('wait', scale.x(askedMs), scale.x(waitEnd), y));
  if (heldMs !== undefined) {
    const [x1, x2] = [scale.x(heldMs), scale.x(endMs)];
    const dead = end === 'taken-over' || end === 'lost' || end === 'forced';
    parts.push(rect(dead ? 'dead' : takenFrom !== undefined ? 'after' : end === 'open' ? 'open' : 'held', x1, x2, y));
    for (const ms of span.renewalsMs) {
      parts.push(element('line', { class: 'tick', x1: scale.x(ms), x2: scale.x(ms), y1: y + BAR - 5, y2: y + BAR }));
    }
    const name = fileName(span.lock);
    if (name.length * LETTER + 8 < x2 - x1) {
      parts.push(element('text', { class: 'name', x: x1 + 4, y: y + 12 }, escaped(name)));
    }
    if (dead) parts.push(cross(x2, y + BAR / 2));
  }
  return element('g', {}, parts.join(''));
}

function rect(kind: string, x1: number, x2: number, y: number): string {
  return element('rect', { class: kind, x: x1, y, width: Math.max(1.5, x2 - x1), height: BAR, rx: 2 });
}

function cross(x: number, y: number): string {
  return element('path', { class: 'cross', d: `M${fixed(x - 4)} ${y - 4}l8 8m0 -8l-8 8` });
}

/** From the end of the lock that was taken over to the one that followed. */
function arrow(span: Span, byId: ReadonlyMap<string, Span>, rows: Rows, scale: Scale): string {
  const before = span.takenFrom === undefined ? undefined : byId.get(span.takenFrom);
  const [from, to] = [before && rows.get(before.lockId), rows.get(span.lockId)];
  if (before?.endMs === undefined || from === undefined || to === undefined || span.heldMs === undefined) return '';
  const [x1, x2] = [scale.x(before.endMs), scale.x(span.heldMs)];
  const edge = to + (to > from ? -BAR / 2 : BAR / 2);
  const d = `M${fixed(x1)} ${from}C${fixed(x1 + 14)} ${from} ${fixed(x2 + 6)} ${fixed((from + to) / 2)} ${fixed(x2 + 5)} ${edge}`;
  return element('path', { class: 'arrow', d, 'marker-end': 'url(#head)' });
}

function fixed(x: number): number {
  return Math.round(x * 10) / 10;
}

const LEGEND = [
  ['held', 'held'],
  ['wait', 'waiting'],
  ['dead', 'killed, lost or ended by force ✕'],
  ['after', 'took a stale lock over'],
] as const;

function legend(y: number): string {
  let x = LABELS;
  const parts = LEGEND.map(([kind, text]) => {
    const part = element('rect', { class: kind, x, y: y - 10, width: 16, height: 11, rx: 2 });
    const label = element('text', { x: x + 21, y }, escaped(text));
    x += 40 + text.length * LETTER;
    return part + label;
  });
  return parts.join('');
}

/** What the tooltip of an acquisition says after the name of the file, line by line. */
function describe(span: Span, toMs: number): readonly string[] {
  const { ownerId, hostname, pid, askedMs, heldMs, endMs, end, reason } = span;
  const why = reason === '' || reason === end ? '' : `: ${reason}`;
  const waitedMs = (heldMs ?? endMs ?? toMs) - askedMs;
  return [
    `${ownerId === '' ? '' : `${ownerId}, `}${hostname} process ${pid}`,
    ...(waitedMs > 0 ? [`waited ${spanText(waitedMs)}`] : []),
    heldMs === undefined ? `did not get the lock${why}` : `held ${spanText((endMs ?? toMs) - heldMs)}, ${end}${why}`,
  ];
}

/** The folder that all locks are in or below, with its slash. */
function commonFolder([first = '', ...others]: readonly string[]): string {
  let folder = parentOf(first);
  for (const lock of others) while (!lock.startsWith(folder)) folder = parentOf(folder.slice(0, -1));
  return folder;
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}

function fileName(lock: string): string {
  return (lock.split('/').at(-1) ?? lock).replace(/\.lock$/, '');
}
