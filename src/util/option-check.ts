import { kindOf, LockOptionError } from './option-error.js';

/** What an option may be. The code that uses it checks the rest, such as the range of a number. */
export interface OptionKind {
  /** For an error message: `renew must be <expected>`. */
  readonly expected: string;
  readonly accepts: (value: unknown) => boolean;
}

/** A row for each option of `T`. */
export type OptionKinds<T> = Readonly<Record<keyof T & string, OptionKind>>;

export const BOOLEAN: OptionKind = { expected: 'a boolean', accepts: (value) => typeof value === 'boolean' };
export const STRING: OptionKind = { expected: 'a string', accepts: (value) => typeof value === 'string' };
export const NUMBER: OptionKind = { expected: 'a number', accepts: (value) => typeof value === 'number' };
export const FUNCTION: OptionKind = { expected: 'a function', accepts: (value) => typeof value === 'function' };
export const OBJECT: OptionKind = {
  expected: 'an object',
  accepts: (value) => typeof value === 'object' && value !== null,
};
export const SIGNAL: OptionKind = {
  expected: 'an AbortSignal',
  accepts: (value) => typeof (value as Partial<AbortSignal> | null)?.throwIfAborted === 'function',
};
export const DURATION: OptionKind = {
  expected: "a number of milliseconds or text such as '30s'",
  accepts: (value) => typeof value === 'number' || typeof value === 'string',
};

/** Only null is refused here: the code that uses the value checks its class too, with a sentence of its own. */
export function checkedLater(expected: string): OptionKind {
  return { expected, accepts: (value) => value !== null };
}

/** What other libraries call an option of ours. */
const NAMES_ELSEWHERE: Readonly<Record<string, string>> = {
  stale: 'ttl',
  expires: 'ttl',
  lifetime: 'ttl',
  duration: 'ttl',
  update: 'renew',
  retries: 'wait',
  retry: 'wait',
  retryCount: 'wait',
  timeout: 'wait',
  maxWait: 'wait',
  pollInterval: 'poll',
  pollPeriod: 'poll',
  retryDelay: 'poll',
  lockfilePath: 'lockPath',
  base: 'root',
  cwd: 'root',
  credentials: 'client',
  forcePathStyle: 'pathStyle',
  user: 'username',
  readyTimeout: 'connectTimeout',
  apiEndpoint: 'endpoint',
};

/** What takes the place of an option that has no counterpart here. */
const ADVICE: Readonly<Record<string, string>> = {
  onCompromised: 'lock.signal aborts when the lock is lost, and lock.lost resolves',
  fs: 'the store is a part of the file: new VfsFile(vfs, path)',
};

/**
 * Refuses options that are no object, have an unknown name, or have a value of the wrong class. `caller` is what takes them, such as
 * `withLock`; `advice` says more about some unknown names. An option that is undefined counts as absent.
 *
 * @throws {LockOptionError} The message names what was wrong, and what was expected.
 */
export function checkOptions(
  caller: string,
  options: unknown,
  kinds: Readonly<Record<string, OptionKind>>,
  advice: Readonly<Record<string, string>> = {},
): void {
  if (Object.prototype.toString.call(options) !== '[object Object]') {
    throw new LockOptionError(`the options of ${caller} must be an object, not ${kindOf(options)}`);
  }
  // Options may be inherited, too.
  for (const name in options as object) {
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    if (kind === undefined) throw unknownOption(caller, name, Object.keys(kinds), advice);
    const value = (options as Readonly<Record<string, unknown>>)[name];
    if (value !== undefined && !kind.accepts(value)) {
      throw new LockOptionError(`${name} must be ${kind.expected}, not ${kindOf(value)}`);
    }
  }
}

/** Refuses a callback that is missing or no function; `usage` shows the order of the arguments. */
export function checkCallback(name: string, value: unknown, usage: string): void {
  if (typeof value !== 'function') {
    throw new LockOptionError(`${name} must be a function, not ${kindOf(value)}: ${usage}`);
  }
}

function unknownOption(
  caller: string,
  name: string,
  known: readonly string[],
  advice: Readonly<Record<string, string>>,
): LockOptionError {
  const [elsewhere] = [NAMES_ELSEWHERE].flatMap((names) => (Object.hasOwn(names, name) ? [names[name] ?? ''] : []));
  const sentence = [advice, ADVICE].flatMap((texts) => (Object.hasOwn(texts, name) ? [texts[name] ?? ''] : []))[0];
  const near = nearest(name, known);
  let hint = `it takes ${known.join(', ')}`;
  if (elsewhere !== undefined && known.includes(elsewhere)) hint = `did you mean ${elsewhere}?`;
  else if (sentence !== undefined) hint = sentence;
  else if (near !== undefined) hint = `did you mean ${near}?`;
  return new LockOptionError(`${caller} has no option ${JSON.stringify(name)}; ${hint}`);
}

/** The known name that is a slip or two away. */
function nearest(name: string, known: readonly string[]): string | undefined {
  const distances = known.map((each) => [each, distance(name.toLowerCase(), each.toLowerCase())] as const);
  const [best] = distances.sort(([, a], [, b]) => a - b);
  return best && best[1] <= Math.min(2, Math.floor(best[0].length / 2)) ? best[0] : undefined;
}

/** How many letters have to be inserted, removed or changed to make one word the other (Levenshtein). */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 0; i < from.length; i += 1) {
    const next = [i + 1];
    for (let j = 0; j < to.length; j += 1) {
      const changed = (row[j] ?? 0) + Number(from[i] !== to[j]);
      next.push(Math.min(changed, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
