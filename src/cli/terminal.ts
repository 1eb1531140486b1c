const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f000}-\u{1faff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
const COMBINING = /\p{M}/u;

/** Whether lines on this stream may be rewritten in place. */
export function isScreen(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY && process.env.TERM !== 'dumb';
}

/** Makes text bold where that is wanted (https://no-color.org). */
export function bold(text: string, stream: NodeJS.WriteStream): string {
  return isScreen(stream) && !process.env.NO_COLOR ? `\u{1b}[1m${text}\u{1b}[22m` : text;
}

/** How many columns printable text takes. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += widthOfOne(character);
  return width;
}

/** The first text that fits into so many columns; the last one, cut off, when none does. */
export function fitting(texts: readonly string[], columns: number): string {
  return texts.find((text) => widthOf(text) <= columns) ?? cutOff(texts.at(-1) ?? '', columns);
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

function widthOfOne(character: string): number {
  if (COMBINING.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

function cutOff(text: string, columns: number): string {
  let cut = '';
  let left = columns - 1;
  for (const character of text) {
    left -= widthOfOne(character);
    if (left < 0) break;
    cut += character;
  }
  return columns > 0 ? `${cut}…` : '';
}
