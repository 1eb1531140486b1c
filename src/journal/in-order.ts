import type { HistoryEntry } from './entry.js';

/** How many entries a line may stand behind its place in a file that several processes write. */
const WINDOW = 1000;

/** Entries of several sources, each about in order, by their time. Keeps one entry of each source and a window in memory. */
export async function* inOrder(sources: readonly AsyncIterable<HistoryEntry>[]): AsyncGenerator<HistoryEntry> {
  const window: HistoryEntry[] = [];
  for await (const entry of merged(sources)) {
    let place = window.length;
    while (place > 0 && Number(window[place - 1]?.at) > Number(entry.at)) place -= 1;
    window.splice(place, 0, entry);
    if (window.length <= WINDOW) continue;
    const [oldest] = window.splice(0, 1);
    if (oldest) yield oldest;
  }
  yield* window;
}

interface Head {
  readonly entry: HistoryEntry;
  readonly rest: AsyncIterator<HistoryEntry>;
}

async function* merged(sources: readonly AsyncIterable<HistoryEntry>[]): AsyncGenerator<HistoryEntry> {
  const iterators = sources.map((source) => source[Symbol.asyncIterator]());
  try {
    const first = await Promise.all(iterators.map(headOf));
    const heads = first.filter((head) => head !== undefined);
    for (;;) {
      const at = oldestOf(heads);
      const oldest = heads[at];
      if (oldest === undefined) return;
      yield oldest.entry;
      const next = await headOf(oldest.rest);
      if (next) heads[at] = next;
      else heads.splice(at, 1);
    }
  } finally {
    for (const iterator of iterators) await iterator.return?.();
  }
}

function oldestOf(heads: readonly Head[]): number {
  let oldest = 0;
  for (const [at, { entry }] of heads.entries()) {
    if (Number(entry.at) < Number(heads[oldest]?.entry.at)) oldest = at;
  }
  return oldest;
}

async function headOf(rest: AsyncIterator<HistoryEntry>): Promise<Head | undefined> {
  const next = await rest.next();
  return next.done ? undefined : { entry: next.value, rest };
}
