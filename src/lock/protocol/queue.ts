/** A place in a queue. */
export interface Turn {
  /** Lets the next one go; more than once is the same as once. */
  readonly done: () => void;
}

type Go = () => void;

/** The lines of this process, a line a lock: first in, first out, and only the head asks the store. */
const lines = new Map<string, Go[]>();

/** The head of a line that nobody stands in; undefined when somebody in this process holds or waits for the lock. */
export function takeTurnNow(key: string): Turn | undefined {
  if (lines.has(key)) return undefined;
  const go = (): void => undefined;
  lines.set(key, [go]);
  return turn(key, go);
}

/** Waits for the head of a line. Rejects with the signal's reason when that aborts first. */
export function takeTurn(key: string, signal?: AbortSignal): Promise<Turn> {
  const now = takeTurnNow(key);
  if (now) return Promise.resolve(now);
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const go = (): void => {
      signal?.removeEventListener('abort', giveUp);
      resolve(turn(key, go));
    };
    function giveUp(): void {
      leave(key, go);
      reject(signal?.reason as Error);
    }
    signal?.addEventListener('abort', giveUp, { once: true });
    lines.get(key)?.push(go);
  });
}

function turn(key: string, go: Go): Turn {
  return {
    done: () => {
      leave(key, go);
    },
  };
}

function leave(key: string, go: Go): void {
  const line = lines.get(key);
  const place = line?.indexOf(go) ?? -1;
  if (line === undefined || place === -1) return;
  line.splice(place, 1);
  if (line.length === 0) lines.delete(key);
  else if (place === 0) line[0]?.();
}
