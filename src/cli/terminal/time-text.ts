/** Local time, with the day unless it is today. */
export function formatTime(date: Date): string {
  const [day, time] = dayAndTimeOf(date);
  return date.toDateString() === new Date().toDateString() ? time : `${day} ${time}`;
}

/** Local time with its day and time zone, such as `2026-11-26 19:23:09 UTC` or `... +09:00`. */
export function formatInstant(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  const zone = minutes === 0 ? 'UTC' : `${minutes < 0 ? '-' : '+'}${two(hours)}:${two(rest)}`;
  return `${dayAndTimeOf(date).join(' ')} ${zone}`;
}

function dayAndTimeOf(date: Date): readonly [day: string, time: string] {
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return [day, [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')];
}

function two(part: number): string {
  return String(part).padStart(2, '0');
}
