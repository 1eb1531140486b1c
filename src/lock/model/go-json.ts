/** Text that JSON, and Go's escapes, leave as it is. */
const PLAIN = /^[ !#-%'-;=?-[\]-~]*$/;

/** A value as Go's `json.MarshalIndent(value, "", "  ")` prints it. */
export function goJson(value: unknown): string {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  if (typeof value === 'string' && PLAIN.test(value)) return `"${value}"`;
  return JSON.stringify(value, undefined, 2).replace(/[<>&\u2028\u2029]/g, escapeUnit);
}

function escapeUnit(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** A member of an object in that format, with a comma before it; empty where the value is undefined. */
export function goMember(name: string, value: unknown): string {
  if (value === undefined) return '';
  const json = goJson(value);
  return `,\n  "${name}": ${typeof value === 'object' ? json.replaceAll('\n', '\n  ') : json}`;
}

/** Seconds that were formatted lately, without their fraction. Many locks of one process were acquired in the same few seconds. */
const secondTexts = new Map<number, string>();
const MOST_SECONDS = 256;

/** RFC 3339 as Go prints it: no zeros at the end of the fraction. */
export function goTime(date: Date): string {
  const ms = date.getTime();
  const fraction = ((ms % 1000) + 1000) % 1000;
  const second = secondText(date, ms - fraction);
  if (fraction === 0) return `${second}Z`;
  const digits = String(fraction).padStart(3, '0');
  const end = digits.endsWith('00') ? 1 : digits.endsWith('0') ? 2 : 3;
  return `${second}.${digits.slice(0, end)}Z`;
}

/** Formatting a date is slow, and most follow each other within a second. */
function secondText(date: Date, second: number): string {
  const known = secondTexts.get(second);
  if (known !== undefined) return known;
  const text = date.toISOString().slice(0, -'.000Z'.length);
  if (secondTexts.size >= MOST_SECONDS) secondTexts.clear();
  secondTexts.set(second, text);
  return text;
}

const RFC_3339 = /^(\d{4}-\d\d-(\d\d))T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/** Undefined for Go's zero time, and for anything that is no time: a day that does not exist, a leap second, other formats. */
export function readGoTime(text: string): Date | undefined {
  const [, day, dayOfMonth] = RFC_3339.exec(text) ?? [];
  if (day === undefined || new Date(`${day}T00:00:00Z`).getUTCDate() !== Number(dayOfMonth)) return undefined;
  const date = new Date(text);
  return date.getUTCFullYear() > 1 ? date : undefined;
}
