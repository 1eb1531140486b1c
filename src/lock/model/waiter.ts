import { isObject } from './plain-json.js';
import { isRunning, type ProcessIdentity } from './process.js';

/** Somebody who waits for a lock and said so, with `announce`. Do not trust its texts: anybody who can write beside the lock wrote them. */
export interface Waiter {
  /** The host that it waits on. */
  readonly hostname: string;
  /** The process that waits, as its own pid namespace numbers it. */
  readonly pid: number;
  /** The user of the operating system. Empty: it did not say. */
  readonly user: string;
  /** Who waits, in its own words. */
  readonly ownerId: string;
  /** The command that is to run under the lock, word by word. Empty: it did not say. */
  readonly command: readonly string[];
  /** For how many milliseconds it has been waiting. */
  readonly waitedMs: number;
  /** Whether its process runs. Undefined: it is on another host, or cannot be seen from here. */
  readonly alive: boolean | undefined;
}

/** The content of a mark. */
export interface WaiterMark extends ProcessIdentity, Pick<Waiter, 'user' | 'ownerId' | 'command'> {
  /** The name of the lock file, which the mark stands beside. */
  readonly lock: string;
  /** When the wait began, by the clock of the one who waits. */
  readonly since: Date;
  /** For how many milliseconds it had waited when the mark was written. */
  readonly waitedMs: number;
  /** For how many milliseconds from then on the mark counts. */
  readonly forMs: number;
}

/** Longer marks are neither written nor read. */
export const MAX_MARK_BYTES = 1024;

/** A mark counts for no longer: so one that a killed process left on another host does not stay for ever. */
export const LONGEST_MARK_MS = 86_400_000;

const LONGEST_TEXT = 80;

/** The bytes of a mark, with its texts cut so that it stays short. Undefined: even then it would be too long. */
export function encodeMark(mark: WaiterMark): Uint8Array | undefined {
  const { ownerId, user, command } = mark;
  const about = { ownerId: shortened(ownerId), user: shortened(user), command: shortenedWords(command) };
  const attempts = [about, { ...about, command: [] }, { ownerId: '', user: '', command: [] }];
  return attempts
    .map((texts) => Buffer.from(`${JSON.stringify({ ...mark, ...texts })}\n`))
    .find((data) => data.length <= MAX_MARK_BYTES);
}

/** Undefined: it is no mark. Never throws. */
export function decodeMark(data: Uint8Array): WaiterMark | undefined {
  if (data.length > MAX_MARK_BYTES) return undefined;
  try {
    return markOf(JSON.parse(Buffer.from(data).toString()) as unknown);
  } catch {
    return undefined;
  }
}

/** The waiter of a mark that was written `ageMs` ago. Undefined: the mark does not count any more. */
export function waiterOf(mark: WaiterMark, ageMs: number): Waiter | undefined {
  const alive = isRunning(mark);
  if (alive === false || isOver(mark, ageMs)) return undefined;
  const { hostname, pid, user, ownerId, command, waitedMs } = mark;
  return { hostname, pid, user, ownerId, command, waitedMs: Math.round(waitedMs + ageMs), alive };
}

/** Whether a mark counts no longer, by its age alone. */
function isOver({ forMs }: WaiterMark, ageMs: number): boolean {
  return ageMs > Math.min(forMs, LONGEST_MARK_MS);
}

function markOf(json: unknown): WaiterMark | undefined {
  if (!isObject(json)) return undefined;
  const { lock, pid, command, waitedMs, forMs } = json;
  const [hostname, user, ownerId, bootId, machineId, processStart, namespace] = TEXTS.map((name) => json[name]);
  const since = new Date(String(json.since));
  if (!isText(lock) || !isCount(pid) || !isCount(waitedMs) || !isCount(forMs)) return undefined;
  if (!isText(hostname) || !isText(user) || !isText(ownerId) || !isText(bootId) || !isText(machineId)) return undefined;
  if (!isText(processStart) || !isText(namespace) || Number.isNaN(since.getTime())) return undefined;
  if (!Array.isArray(command) || !command.every(isText)) return undefined;
  const identity = { hostname, pid, bootId, machineId, processStart, namespace };
  return { lock, ...identity, user, ownerId, command, since, waitedMs, forMs };
}

const TEXTS = ['hostname', 'user', 'ownerId', 'bootId', 'machineId', 'processStart', 'namespace'] as const;

const isText = (value: unknown): value is string => typeof value === 'string';
const isCount = (value: unknown): value is number => Number.isFinite(value) && (value as number) >= 0;

function shortened(text: string): string {
  return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT - 1)}…`;
}

/** As many words as fit into a line. */
function shortenedWords(command: readonly string[]): readonly string[] {
  let left = 2 * LONGEST_TEXT;
  const words: string[] = [];
  for (const word of command) {
    words.push(shortened(word));
    left -= word.length + 1;
    if (left < 0) break;
  }
  return words;
}
