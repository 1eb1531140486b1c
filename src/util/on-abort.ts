interface Waiting {
  readonly works: Set<() => void>;
  readonly listener: () => void;
}

/** Who waits for which signal: Node warns of a leak where one signal has more than ten listeners. */
const waiting = new WeakMap<AbortSignal, Waiting>();

/** Calls `work` when the signal aborts, by one listener for all who wait for this signal. Returns how to stop that. */
export function onAbort(signal: AbortSignal, work: () => void): () => void {
  const { works, listener } = waiting.get(signal) ?? listenTo(signal);
  works.add(work);
  return () => {
    works.delete(work);
    if (works.size > 0 || waiting.get(signal)?.works !== works) return;
    signal.removeEventListener('abort', listener);
    waiting.delete(signal);
  };
}

function listenTo(signal: AbortSignal): Waiting {
  const works = new Set<() => void>();
  const listener = (): void => {
    waiting.delete(signal);
    for (const work of works) work();
  };
  signal.addEventListener('abort', listener, { once: true });
  const made = { works, listener };
  waiting.set(signal, made);
  return made;
}
