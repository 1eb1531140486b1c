import type { HostTimer } from './host.js';

export function setTimeout(work: (...args: unknown[]) => void, ms = 1, ...args: unknown[]): HostTimer {
  return host.setTimeout(() => work(...args), ms);
}

export function setImmediate(work: (...args: unknown[]) => void, ...args: unknown[]): HostTimer {
  return setTimeout(work, 0, ...args);
}

/** What the library repeats only keeps a process alive, which a page needs no timer for. */
export function setInterval(): HostTimer {
  return host.setTimeout(() => undefined, 0);
}

export function clearTimeout(timer: HostTimer | undefined): void {
  host.clearTimeout(timer);
}

export { clearTimeout as clearInterval, clearTimeout as clearImmediate };
