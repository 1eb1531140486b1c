/** The first place in the queue of one lock. */
export interface Turn {
  /** Gives the turn to the next caller. A second call does nothing. */
  readonly done: () => void;
}

type Start = () => void;

/** The queues of this process, one for each lock: first in, first out. Only the caller at the head uses the store. */
const queues = new Map<string, Start[]>();

/** Takes the turn at once. Undefined: somebody else in this process holds the lock or waits for it. */
export function takeTurnNow(key: string): Turn | undefined {
  if (queues.has(key)) return undefined;
  const start = (): void => undefined;
  queues.set(key, [start]);
  return turn(key, start);
}

/** Waits for the turn. Rejects with the signal's reason when that aborts first. */
export function takeTurn(key: string, signal?: AbortSignal): Promise<Turn> {
  const now = takeTurnNow(key);
  if (now) return Promise.resolve(now);
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const start = (): void => {
      signal?.removeEventListener('abort', giveUp);
      resolve(turn(key, start));
    };
    function giveUp(): void {
      leave(key, start);
      reject(signal?.reason as Error);
    }
    signal?.addEventListener('abort', giveUp, { once: true });
    queues.get(key)?.push(start);
  });
}

/** How many callers of this process hold the lock or wait for it. */
export function queueLength(key: string): number {
  return queues.get(key)?.length ?? 0;
}

function turn(key: string, start: Start): Turn {
  return {
    done: () => {
      leave(key, start);
    },
  };
}

function leave(key: string, start: Start): void {
  const queue = queues.get(key);
  const place = queue?.indexOf(start) ?? -1;
  if (queue === undefined || place === -1) return;
  queue.splice(place, 1);
  if (queue.length === 0) queues.delete(key);
  else if (place === 0) queue[0]?.();
}
