import { isatty, type WriteStream } from 'node:tty';

const WIDE =
  /^(?:[\u1100-\u115f\u2e80-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{16fe0}-\u{18cff}\u{1aff0}-\u{1b2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\p{Emoji}\ufe0f)/u;
const ZERO = /^\p{M}/u;
const PLAIN = /^[\u0020-\u007e]*$/;
const CODES = { bold: [1, 22], dim: [2, 22], red: [31, 39], yellow: [33, 39], green: [32, 39] } as const;

export type Style = keyof typeof CODES;

/** The terminal on which lines may be rewritten in place; undefined: something else, or one that cannot do that. */
export function screenOn(fd: 1 | 2): WriteStream | undefined {
  if (!isatty(fd) || process.env.TERM === 'dumb') return undefined;
  return fd === 1 ? process.stdout : process.stderr;
}

/** Text in a style, where there is a screen and colours are wanted (https://no-color.org). */
export function styled(text: string, style: Style, screen: WriteStream | undefined): string {
  const [on, off] = CODES[style];
  return screen && !process.env.NO_COLOR ? `\u{1b}[${on}m${text}\u{1b}[${off}m` : text;
}

/** How many columns printable text takes. What is seen as one character counts as its first part. */
export function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const part of partsOf(text)) width += widthOfOne(part);
  return width;
}

/** The first text that fits into so many columns; the last one, cut off, when none does. */
export function fitting(texts: readonly string[], columns: number): string {
  return texts.find((text) => widthOf(text) <= columns) ?? cutOff(texts.at(-1) ?? '', columns);
}

/** Text in lines of at most so many columns, broken between words; a word that is longer has a line of its own. */
export function wrapped(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1) ?? ''} ${word}`;
    if (lines.length > 0 && widthOf(longer) <= columns) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** A span of time in at most two units. */
export function spanOf(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [minutes, hours, days] = [60, 3600, 86_400].map((unit) => Math.floor(seconds / unit)) as [
    number,
    number,
    number,
  ];
  if (days > 0) return `${days}d ${hours % 24}h`;
  if (hours > 0) return `${hours}h ${minutes % 60}m`;
  return minutes > 0 ? `${minutes}m ${seconds % 60}s` : `${seconds}s`;
}

/** Local time, with the day unless that is today. */
export function timeOf(date: Date): string {
  const two = (part: number): string => String(part).padStart(2, '0');
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
  if (date.toDateString() === new Date().toDateString()) return time;
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${time}`;
}

/** Text of at most so many columns: whole, or with its end left out. */
export function cutOff(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  return columns > 0 ? `${taken(partsOf(text), columns - 1).join('')}…` : '';
}

/** The same with its start left out, for paths, whose ends tell most. */
export function cutStart(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  return columns > 0
    ? `…${taken(partsOf(text).reverse(), columns - 1)
        .reverse()
        .join('')}`
    : '';
}

function taken(parts: readonly string[], columns: number): string[] {
  let left = columns;
  const end = parts.findIndex((part) => (left -= widthOfOne(part)) < 0);
  return parts.slice(0, end === -1 ? undefined : end);
}

let segmenter: Intl.Segmenter | undefined;

function partsOf(text: string): string[] {
  segmenter ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

function widthOfOne(part: string): number {
  if (ZERO.test(part)) return 0;
  return WIDE.test(part) ? 2 : 1;
}
